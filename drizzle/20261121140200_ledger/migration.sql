CREATE TABLE "trial_ledger" (
	"job_id" text PRIMARY KEY,
	"market_id" text NOT NULL,
	"design" text NOT NULL,
	"question" text NOT NULL,
	"trials" integer NOT NULL,
	"test_from" bigint NOT NULL,
	"test_to" bigint NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "trial_ledger_trials" CHECK ("trials" >= 0)
);
--> statement-breakpoint
ALTER TABLE "tuning_jobs" ADD COLUMN "placebo_runs" integer;--> statement-breakpoint
ALTER TABLE "tuning_jobs" ADD COLUMN "trials_before" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE "tuning_jobs" ADD COLUMN "oos_uses_before" integer DEFAULT 0 NOT NULL;--> statement-breakpoint
CREATE INDEX "trial_ledger_market_id_design_index" ON "trial_ledger" ("market_id","design");--> statement-breakpoint
-- What was tried before there was a ledger counts too; without its design each job counts as one of its own.
INSERT INTO "trial_ledger" ("job_id", "market_id", "design", "question", "trials", "test_from", "test_to", "created_at")
SELECT "id", "market_id", "id", "id", "sample_count", "test_from", "test_to", "created_at" FROM "tuning_jobs";
