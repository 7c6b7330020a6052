CREATE TABLE "replays" (
	"id" text PRIMARY KEY,
	"job_id" text NOT NULL,
	"status" text DEFAULT 'PENDING' NOT NULL,
	"outcome" jsonb,
	"error" text,
	"requested_by" text NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE INDEX "replays_job_id_index" ON "replays" ("job_id");--> statement-breakpoint
ALTER TABLE "replays" ADD CONSTRAINT "replays_job_id_tuning_jobs_id_fkey" FOREIGN KEY ("job_id") REFERENCES "tuning_jobs"("id") ON DELETE CASCADE;