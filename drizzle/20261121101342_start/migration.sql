CREATE TABLE "candle_chunks" (
	"market_id" text,
	"sequence" integer,
	"first_open_time" bigint NOT NULL,
	"last_open_time" bigint NOT NULL,
	"count" integer NOT NULL,
	"columns" bytea NOT NULL,
	CONSTRAINT "candle_chunks_pkey" PRIMARY KEY("market_id","sequence")
);
--> statement-breakpoint
CREATE TABLE "markets" (
	"id" text PRIMARY KEY,
	"exchange" text NOT NULL,
	"symbol" text NOT NULL,
	"timeframe" text NOT NULL,
	"synthetic" boolean DEFAULT false NOT NULL,
	"candle_count" integer NOT NULL,
	"first_open_time" bigint,
	"last_open_time" bigint,
	"quality_score" double precision NOT NULL,
	"missing_candles" integer NOT NULL,
	"zero_volume_candles" integer NOT NULL,
	"gaps" jsonb NOT NULL,
	"content_hash" text NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "markets_exchange_symbol_timeframe_unique" UNIQUE("exchange","symbol","timeframe")
);
--> statement-breakpoint
CREATE TABLE "models" (
	"id" text PRIMARY KEY,
	"name" text NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"algorithm" text NOT NULL,
	"objective" text NOT NULL,
	"active" boolean DEFAULT false NOT NULL,
	"aliases" text[] DEFAULT '{}'::text[] NOT NULL,
	"job_id" text NOT NULL,
	"strategy" jsonb NOT NULL,
	"features" jsonb NOT NULL,
	"strategy_id" text NOT NULL,
	"market_id" text NOT NULL,
	"feature_names" text[] NOT NULL,
	"hyperparameters" jsonb NOT NULL,
	"training" jsonb NOT NULL,
	"validation" jsonb NOT NULL,
	"test" jsonb NOT NULL,
	"calibration" jsonb NOT NULL,
	"artifact" bytea NOT NULL,
	"checksum" text NOT NULL,
	"size_bytes" integer NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "predictions" (
	"id" text PRIMARY KEY,
	"model_id" text NOT NULL,
	"parameters" jsonb NOT NULL,
	"metric" text NOT NULL,
	"predicted_value" double precision NOT NULL,
	"low" double precision NOT NULL,
	"high" double precision NOT NULL,
	"level" double precision NOT NULL,
	"confidence" double precision NOT NULL,
	"out_of_domain" boolean NOT NULL,
	"actual_value" double precision,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"verified_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE TABLE "strategies" (
	"id" text PRIMARY KEY,
	"name" text NOT NULL UNIQUE,
	"version" integer DEFAULT 1 NOT NULL,
	"definition" jsonb NOT NULL,
	"warmup_bars" integer NOT NULL,
	"built_in" boolean DEFAULT false NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "samples" (
	"job_id" text,
	"index" integer,
	"split" text DEFAULT 'NONE' NOT NULL,
	"trade_count" integer NOT NULL,
	"objective" double precision,
	"predicted" double precision,
	"packed" bytea NOT NULL,
	CONSTRAINT "samples_pkey" PRIMARY KEY("job_id","index"),
	CONSTRAINT "samples_objective_finite" CHECK ("objective" > '-Infinity' and "objective" < 'Infinity'),
	CONSTRAINT "samples_predicted_finite" CHECK ("predicted" > '-Infinity' and "predicted" < 'Infinity')
);
--> statement-breakpoint
CREATE TABLE "tuning_jobs" (
	"id" text PRIMARY KEY,
	"name" text NOT NULL,
	"status" text DEFAULT 'PENDING' NOT NULL,
	"phase" text DEFAULT 'QUEUED' NOT NULL,
	"done" integer DEFAULT 0 NOT NULL,
	"total" integer DEFAULT 0 NOT NULL,
	"fraction" double precision DEFAULT 0 NOT NULL,
	"eta_ms" double precision,
	"backtests_per_second" double precision,
	"attempt" integer DEFAULT 0 NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	"result_digest" text,
	"error" jsonb,
	"created_by" text NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"started_at" timestamp(3) with time zone,
	"finished_at" timestamp(3) with time zone,
	"strategy_id" text NOT NULL,
	"strategy" jsonb NOT NULL,
	"market_id" text NOT NULL,
	"timeframe" text NOT NULL,
	"training_from" bigint NOT NULL,
	"training_to" bigint NOT NULL,
	"test_from" bigint NOT NULL,
	"test_to" bigint NOT NULL,
	"execution" jsonb NOT NULL,
	"sampler" text NOT NULL,
	"sample_count" integer NOT NULL,
	"seed" integer NOT NULL,
	"objective" text NOT NULL,
	"secondary_objectives" text[] NOT NULL,
	"risk_limits" jsonb NOT NULL,
	"algorithm" text NOT NULL,
	"hyperparameters" jsonb NOT NULL,
	"features" jsonb NOT NULL,
	"allow_gaps" boolean DEFAULT false NOT NULL,
	"warnings" text[] DEFAULT '{}'::text[] NOT NULL,
	"result" jsonb,
	"model_id" text,
	"score" double precision,
	"production_ready" boolean,
	CONSTRAINT "tuning_jobs_fraction" CHECK ("fraction" between 0 and 1),
	CONSTRAINT "tuning_jobs_score_finite" CHECK ("score" > '-Infinity' and "score" < 'Infinity')
);
--> statement-breakpoint
CREATE INDEX "models_created_at_id_index" ON "models" ("created_at","id");--> statement-breakpoint
CREATE INDEX "models_job_id_index" ON "models" ("job_id");--> statement-breakpoint
CREATE INDEX "predictions_model_id_created_at_id_index" ON "predictions" ("model_id","created_at","id");--> statement-breakpoint
CREATE INDEX "predictions_created_at_id_index" ON "predictions" ("created_at","id");--> statement-breakpoint
CREATE INDEX "samples_job_id_objective_index_index" ON "samples" ("job_id","objective","index");--> statement-breakpoint
CREATE INDEX "samples_job_id_predicted_index_index" ON "samples" ("job_id","predicted","index");--> statement-breakpoint
CREATE INDEX "tuning_jobs_created_at_id_index" ON "tuning_jobs" ("created_at","id");--> statement-breakpoint
CREATE INDEX "tuning_jobs_status_index" ON "tuning_jobs" ("status");--> statement-breakpoint
ALTER TABLE "candle_chunks" ADD CONSTRAINT "candle_chunks_market_id_markets_id_fkey" FOREIGN KEY ("market_id") REFERENCES "markets"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "models" ADD CONSTRAINT "models_strategy_id_strategies_id_fkey" FOREIGN KEY ("strategy_id") REFERENCES "strategies"("id");--> statement-breakpoint
ALTER TABLE "models" ADD CONSTRAINT "models_market_id_markets_id_fkey" FOREIGN KEY ("market_id") REFERENCES "markets"("id");--> statement-breakpoint
ALTER TABLE "predictions" ADD CONSTRAINT "predictions_model_id_models_id_fkey" FOREIGN KEY ("model_id") REFERENCES "models"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "samples" ADD CONSTRAINT "samples_job_id_tuning_jobs_id_fkey" FOREIGN KEY ("job_id") REFERENCES "tuning_jobs"("id") ON DELETE CASCADE;--> statement-breakpoint
ALTER TABLE "tuning_jobs" ADD CONSTRAINT "tuning_jobs_strategy_id_strategies_id_fkey" FOREIGN KEY ("strategy_id") REFERENCES "strategies"("id");--> statement-breakpoint
ALTER TABLE "tuning_jobs" ADD CONSTRAINT "tuning_jobs_market_id_markets_id_fkey" FOREIGN KEY ("market_id") REFERENCES "markets"("id");--> statement-breakpoint
ALTER TABLE "tuning_jobs" ADD CONSTRAINT "tuning_jobs_model_id_models_id_fkey" FOREIGN KEY ("model_id") REFERENCES "models"("id") ON DELETE SET NULL;--> statement-breakpoint
ALTER TABLE "candle_chunks" ALTER COLUMN "columns" SET STORAGE EXTERNAL;
