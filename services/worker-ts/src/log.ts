import { writeSync } from "node:fs";

const PASSWORD = /(\w+:\/\/[^\s:/@]+:)[^\s"']+@/g;

/** On one line, and without the passwords of URLs. */
export function oneLine(text: string): string {
  return text.split(/\s+/).join(" ").trim().replace(PASSWORD, "$1***@");
}

/** The worker's own log lines in the form of the engine's: time, level, instance, part, message; one write each. */
export class Log {
  constructor(
    private readonly instance: string,
    private readonly write: (line: string) => void = (line) => writeSync(2, line),
  ) {}

  info(message: string): void {
    this.line(" INFO", message);
  }

  error(message: string): void {
    this.line("ERROR", message);
  }

  private line(level: string, message: string): void {
    const time = new Date().toISOString().replace("Z", "000Z");
    this.write(`${time} ${level} ${this.instance} worker_ts: ${oneLine(message)}\n`);
  }
}
