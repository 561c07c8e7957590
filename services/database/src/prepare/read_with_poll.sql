-- Profile `polling` of tasker-cluster. PGMQ's own waits up to five seconds on an empty queue, and the engine passes
-- nothing else. A worker visits its namespaces one after another: with nine of them a step could wait for forty seconds.
--
-- The short wait is not for speed. While it lasts the transaction holds its lock on the queue's table, which is what
-- proves from outside who reads which queue.
CREATE OR REPLACE FUNCTION pgmq.read_with_poll(
    queue_name text,
    vt integer,
    qty integer,
    max_poll_seconds integer DEFAULT 5,
    poll_interval_ms integer DEFAULT 100,
    conditional jsonb DEFAULT '{}'
) RETURNS SETOF pgmq.message_record LANGUAGE plpgsql AS $replacement$
-- tasker-cluster: profile polling, 50 ms
BEGIN
    RETURN QUERY SELECT * FROM pgmq.read(queue_name, vt, qty, conditional);
    IF NOT FOUND THEN
        PERFORM pg_sleep(0.05);
        RETURN QUERY SELECT * FROM pgmq.read(queue_name, vt, qty, conditional);
    END IF;
END
$replacement$;
