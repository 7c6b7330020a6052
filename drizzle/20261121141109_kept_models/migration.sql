ALTER TABLE "models" ADD COLUMN "saved" boolean DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE "models" ADD COLUMN "evaluation" jsonb;--> statement-breakpoint
UPDATE "models" SET "evaluation" = jsonb_build_object('timeframe', j."timeframe", 'period', jsonb_build_object('from', j."training_from", 'to', j."training_to"), 'execution', j."execution") FROM "tuning_jobs" j WHERE j."id" = "models"."job_id";--> statement-breakpoint
DELETE FROM "models" WHERE "evaluation" IS NULL;--> statement-breakpoint
ALTER TABLE "models" ALTER COLUMN "evaluation" SET NOT NULL;--> statement-breakpoint
ALTER TABLE "models" ADD CONSTRAINT "models_name_version_unique" UNIQUE("name","version");
