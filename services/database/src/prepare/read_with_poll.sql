-- Profile `polling` of tasker-cluster. PGMQ's own waits five seconds on an empty queue, and the engine, which visits its
-- queues one after another, passes nothing else: with nine namespaces a step could wait for forty seconds.
CREATE OR REPLACE FUNCTION pgmq.read_with_poll(
    queue_name text,
    vt integer,
    qty integer,
    max_poll_seconds integer DEFAULT 5,
    poll_interval_ms integer DEFAULT 100,
    conditional jsonb DEFAULT '{}'
) RETURNS SETOF pgmq.message_record LANGUAGE plpgsql AS $replacement$
-- tasker-cluster: profile polling
DECLARE
    give_up timestamptz := clock_timestamp() + interval '250 milliseconds';
BEGIN
    LOOP
        RETURN QUERY SELECT * FROM pgmq.read(queue_name, vt, qty, conditional);
        EXIT WHEN FOUND OR clock_timestamp() >= give_up;
        PERFORM pg_sleep(0.05);
    END LOOP;
END
$replacement$;
