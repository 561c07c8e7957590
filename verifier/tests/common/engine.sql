-- What the verifier asks of the engine's tables, in so far as it concerns canaries and their removal.
CREATE SCHEMA tasker;
CREATE TABLE tasker.task_namespaces (task_namespace_uuid uuid PRIMARY KEY, name varchar NOT NULL);
CREATE TABLE tasker.named_tasks (
    named_task_uuid uuid PRIMARY KEY,
    name varchar NOT NULL,
    task_namespace_uuid uuid NOT NULL REFERENCES tasker.task_namespaces
);
CREATE TABLE tasker.tasks (
    task_uuid uuid PRIMARY KEY,
    -- None in a test's tasks unless it says so: those are of no template, and the history passes them over.
    named_task_uuid uuid REFERENCES tasker.named_tasks,
    complete boolean NOT NULL DEFAULT false,
    correlation_id uuid NOT NULL DEFAULT gen_random_uuid(),
    source_system varchar(128),
    tags jsonb,
    created_at timestamp NOT NULL DEFAULT timezone('utc', now())
);
CREATE TABLE tasker.task_transitions (
    task_uuid uuid NOT NULL REFERENCES tasker.tasks,
    from_state varchar,
    to_state varchar NOT NULL,
    sort_key integer NOT NULL DEFAULT 1,
    most_recent boolean NOT NULL DEFAULT true,
    processor_uuid uuid,
    metadata jsonb,
    transition_metadata jsonb,
    created_at timestamp NOT NULL DEFAULT timezone('utc', now())
);
CREATE TABLE tasker.named_steps (named_step_uuid uuid PRIMARY KEY, name varchar NOT NULL);
CREATE TABLE tasker.workflow_steps (
    workflow_step_uuid uuid PRIMARY KEY,
    task_uuid uuid NOT NULL REFERENCES tasker.tasks,
    named_step_uuid uuid,
    attempts integer,
    last_attempted_at timestamp,
    backoff_request_seconds integer,
    max_attempts integer,
    in_process boolean NOT NULL DEFAULT false,
    processed boolean NOT NULL DEFAULT false,
    results jsonb
);
CREATE TABLE tasker.workflow_step_transitions (
    workflow_step_uuid uuid NOT NULL REFERENCES tasker.workflow_steps,
    from_state varchar,
    to_state varchar NOT NULL,
    sort_key integer NOT NULL DEFAULT 1,
    most_recent boolean NOT NULL DEFAULT true,
    metadata jsonb,
    created_at timestamp NOT NULL DEFAULT timezone('utc', now())
);
CREATE TABLE tasker.workflow_step_edges (
    from_step_uuid uuid NOT NULL REFERENCES tasker.workflow_steps,
    to_step_uuid uuid NOT NULL REFERENCES tasker.workflow_steps
);
CREATE TABLE tasker.workflow_step_result_audit (
    workflow_step_uuid uuid NOT NULL REFERENCES tasker.workflow_steps,
    task_uuid uuid NOT NULL REFERENCES tasker.tasks,
    worker_uuid uuid,
    success boolean NOT NULL DEFAULT true,
    recorded_at timestamp NOT NULL DEFAULT timezone('utc', now())
);
CREATE TABLE tasker.tasks_dlq (task_uuid uuid NOT NULL REFERENCES tasker.tasks);
INSERT INTO tasker.task_namespaces VALUES ('00000000-0000-0000-0000-00000000000a', 'mail');
INSERT INTO tasker.named_tasks VALUES
    ('00000000-0000-0000-0000-00000000000b', 'send', '00000000-0000-0000-0000-00000000000a');

CREATE SCHEMA pgmq;
CREATE TABLE pgmq.meta (queue_name varchar UNIQUE NOT NULL);
INSERT INTO pgmq.meta VALUES
    ('worker_mail_queue'), ('mail_domain_events'), ('orchestration_step_results'), ('somebody_elses');
DO $$
DECLARE queue text;
BEGIN
    FOR queue IN SELECT queue_name FROM pgmq.meta LOOP
        EXECUTE format('CREATE TABLE pgmq.%I (message jsonb)', 'q_' || queue);
        EXECUTE format(
            'CREATE TABLE pgmq.%I (message jsonb, archived_at timestamptz NOT NULL DEFAULT now())', 'a_' || queue);
    END LOOP;
END $$;

-- A task of one step that is at rest, with all that belongs to it: so many hours old, sent for this reason.
CREATE FUNCTION a_task(task uuid, step uuid, reason text, hours integer) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    queue text;
    message jsonb := jsonb_build_object('step_uuid', step, 'task_uuid', task);
BEGIN
    INSERT INTO tasker.tasks (task_uuid, source_system, tags, created_at) VALUES
        (task, 'cluster-verify', jsonb_build_array('cluster-verify', reason),
         timezone('utc', now()) - make_interval(hours => hours));
    INSERT INTO tasker.task_transitions (task_uuid, to_state) VALUES (task, 'complete');
    INSERT INTO tasker.workflow_steps (workflow_step_uuid, task_uuid) VALUES (step, task);
    INSERT INTO tasker.workflow_step_transitions (workflow_step_uuid, to_state) VALUES (step, 'complete');
    INSERT INTO tasker.workflow_step_edges VALUES (step, step);
    INSERT INTO tasker.workflow_step_result_audit (workflow_step_uuid, task_uuid) VALUES (step, task);
    INSERT INTO pgmq.a_worker_mail_queue (message) VALUES (message);
    INSERT INTO pgmq.q_worker_mail_queue (message) VALUES (message - 'task_uuid');
    INSERT INTO pgmq.a_orchestration_step_results (message) VALUES (message);
    INSERT INTO pgmq.q_mail_domain_events (message) VALUES
        (jsonb_build_object('event_name', 'mail.sent', 'metadata', message));
    INSERT INTO pgmq.a_somebody_elses (message) VALUES (message);
END $$;

-- How many messages speak of the task, wherever they lie.
CREATE FUNCTION messages(task uuid) RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FROM (
        SELECT message FROM pgmq.a_worker_mail_queue
        UNION ALL SELECT message FROM pgmq.q_worker_mail_queue
        UNION ALL SELECT message FROM pgmq.a_orchestration_step_results
        UNION ALL SELECT message FROM pgmq.q_mail_domain_events
        UNION ALL SELECT message FROM pgmq.a_somebody_elses) them
    WHERE message::text LIKE '%' || task || '%';
$$;
