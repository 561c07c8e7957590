//! Servers in place of the engine's, that answer well or badly.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// What a server does with each request.
#[derive(Debug, Clone, Copy)]
pub enum Manner {
    /// Answers with this status and this body.
    Says(&'static str, &'static str),
    /// A byte now and then, for ever.
    Slowly,
    /// Promises more than it sends, and hangs up.
    Half,
    /// Bytes that are no HTTP.
    Garbage,
    /// Ten megabytes of JSON.
    Long,
    /// Takes the request and says nothing.
    Never,
}

impl Manner {
    pub const WELL: Self = Self::Says("200 OK", r#"{"status":"healthy","checks":{}}"#);
    /// HTTP, and in it no JSON.
    pub const TEXT: Self = Self::Says("200 OK", "<html>it works</html>");
    pub const BAD: [Self; 6] = [
        Self::Slowly,
        Self::Half,
        Self::Garbage,
        Self::TEXT,
        Self::Long,
        Self::Never,
    ];
}

/// Runs until the test's process ends.
pub struct StandIn {
    pub url: String,
    asked: Arc<AtomicUsize>,
}

impl StandIn {
    /// How often tasks were asked for.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

/// One that is healthy, and answers in this manner to the create of a task and to whoever asks for one.
pub fn with_tasks(manner: Manner) -> StandIn {
    stand_in(Manner::WELL, manner, manner)
}

/// One that answers in a manner each for its health, to the create of a task and to whoever asks for one.
pub fn stand_in(health: Manner, create: Manner, read: Manner) -> StandIn {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = asked.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let counter = counter.clone();
            std::thread::spawn(move || answer(stream, [health, create, read], &counter));
        }
    });
    StandIn { url, asked }
}

fn answer(mut stream: TcpStream, [health, create, read]: [Manner; 3], asked: &AtomicUsize) {
    let Some(head) = request(&mut stream) else {
        return;
    };
    let is_of_tasks = head.contains(" /v1/tasks");
    let manner = match is_of_tasks {
        true if head.starts_with("post ") => create,
        true => read,
        false => health,
    };
    asked.fetch_add(usize::from(is_of_tasks), Ordering::Relaxed);
    let head = |status: &str, length: usize| {
        format!(
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        )
    };
    let whole = |status: &str, body: &str| format!("{}{body}", head(status, body.len()));
    // A reader that has enough hangs up: what cannot be written any more is no failure.
    let _ = match manner {
        Manner::Says(status, body) => write!(stream, "{}", whole(status, body)),
        Manner::Half => write!(stream, "{}{{\"status\":\"he", head("200 OK", 500)),
        Manner::Garbage => stream.write_all(&[0, 159, 146, 150, 13, 10, 13, 10, 0]),
        Manner::Long => {
            let more = "x".repeat(10 << 20);
            let body = format!(r#"{{"status":"healthy","task_uuid":"1","more":"{more}"}}"#);
            write!(stream, "{}", whole("200 OK", &body))
        }
        Manner::Slowly => {
            let _ = write!(stream, "{}", head("200 OK", 500));
            while stream.write_all(b" ").is_ok() {
                std::thread::sleep(Duration::from_millis(200));
            }
            Ok(())
        }
        Manner::Never => {
            // Until the other side hangs up.
            let _ = stream.read(&mut [0]);
            Ok(())
        }
    };
}

/// The head of a request whose body has been read too: what is left unread would cut the answer off.
fn request(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    let mut byte = [0; 1];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length: "));
    let length = length.map_or(Ok(0), str::parse).ok()?;
    stream.read_exact(&mut vec![0; length]).ok()?;
    Some(head)
}
