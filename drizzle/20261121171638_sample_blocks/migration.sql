CREATE TABLE "sample_blocks" (
	"job_id" text,
	"first" integer,
	"count" integer NOT NULL,
	"packed" bytea NOT NULL,
	"trade_counts" bytea NOT NULL,
	"splits" bytea,
	"objectives" bytea,
	"predictions" bytea,
	CONSTRAINT "sample_blocks_pkey" PRIMARY KEY("job_id","first"),
	CONSTRAINT "sample_blocks_place" CHECK ("first" >= 0 and "count" > 0),
	CONSTRAINT "sample_blocks_columns" CHECK (octet_length("packed") % (8 * "count") = 0 and octet_length("trade_counts") = 4 * "count" and octet_length("splits") = "count" and octet_length("objectives") = 8 * "count" and octet_length("predictions") = 8 * "count")
);
--> statement-breakpoint
ALTER TABLE "sample_blocks" ALTER COLUMN "packed" SET STORAGE EXTERNAL;--> statement-breakpoint
-- Runs of samples without a hole, in blocks of at most 500. What PostgreSQL sends is big-endian: bytes are turned round.
INSERT INTO "sample_blocks"
SELECT "job_id", min("index"), count(*), string_agg("packed", '' ORDER BY "index"),
	decode(regexp_replace(encode(string_agg(int4send("trade_count"), '' ORDER BY "index"), 'hex'), '(..)(..)(..)(..)', '\4\3\2\1', 'g'), 'hex'),
	string_agg(CASE "split" WHEN 'TRAIN' THEN '\x00'::bytea WHEN 'VALIDATION' THEN '\x01' WHEN 'TEST' THEN '\x02' ELSE '\x03' END, '' ORDER BY "index"),
	decode(regexp_replace(encode(string_agg(float8send(coalesce("objective", 'NaN')), '' ORDER BY "index"), 'hex'), '(..)(..)(..)(..)(..)(..)(..)(..)', '\8\7\6\5\4\3\2\1', 'g'), 'hex'),
	decode(regexp_replace(encode(string_agg(float8send(coalesce("predicted", 'NaN')), '' ORDER BY "index"), 'hex'), '(..)(..)(..)(..)(..)(..)(..)(..)', '\8\7\6\5\4\3\2\1', 'g'), 'hex')
FROM (SELECT *, "index" - row_number() OVER (PARTITION BY "job_id" ORDER BY "index") AS "run" FROM "samples") AS "runs"
GROUP BY "job_id", "run", "index" / 500;--> statement-breakpoint
DROP TABLE "samples";--> statement-breakpoint
ALTER TABLE "sample_blocks" ADD CONSTRAINT "sample_blocks_job_id_tuning_jobs_id_fkey" FOREIGN KEY ("job_id") REFERENCES "tuning_jobs"("id") ON DELETE CASCADE;