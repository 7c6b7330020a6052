CREATE TABLE "attributions" (
	"playbook_id" text,
	"version" integer,
	"verdict" text NOT NULL,
	"result" jsonb NOT NULL,
	"final" boolean NOT NULL,
	"computed_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "attributions_pkey" PRIMARY KEY("playbook_id","version")
);
--> statement-breakpoint
CREATE TABLE "playbook_forecasts" (
	"playbook_id" text,
	"external_id" text,
	"digest" text NOT NULL,
	"symbol" text NOT NULL,
	"strategy" text,
	"regime" text NOT NULL,
	"made_at" timestamp(3) with time zone NOT NULL,
	"resolved_at" timestamp(3) with time zone,
	"confidence" double precision NOT NULL,
	"predicted_direction" text NOT NULL,
	"actual_direction" text,
	"predicted_change" double precision,
	"actual_change" double precision,
	CONSTRAINT "playbook_forecasts_pkey" PRIMARY KEY("playbook_id","external_id"),
	CONSTRAINT "playbook_forecasts_confidence" CHECK ("confidence" between 0 and 100),
	CONSTRAINT "playbook_forecasts_changes" CHECK ("predicted_change" > '-Infinity' and "predicted_change" < 'Infinity' and "actual_change" > '-Infinity' and "actual_change" < 'Infinity')
);
--> statement-breakpoint
CREATE TABLE "playbook_plays" (
	"playbook_id" text,
	"version" integer,
	"position" integer NOT NULL,
	"regime" text,
	"leverage" double precision NOT NULL,
	"risk_reward_ratio" double precision NOT NULL,
	"confidence_threshold" double precision NOT NULL,
	"stop_loss" double precision,
	"take_profit" double precision,
	"strategy_weights" jsonb NOT NULL,
	CONSTRAINT "playbook_plays_pkey" PRIMARY KEY("playbook_id","version","regime"),
	CONSTRAINT "playbook_plays_leverage" CHECK ("leverage" between 1 and 125),
	CONSTRAINT "playbook_plays_risk_reward_ratio" CHECK ("risk_reward_ratio" between 0.1 and 100),
	CONSTRAINT "playbook_plays_confidence_threshold" CHECK ("confidence_threshold" between 0 and 100),
	CONSTRAINT "playbook_plays_stop_loss" CHECK ("stop_loss" between 0.0001 and 1),
	CONSTRAINT "playbook_plays_take_profit" CHECK ("take_profit" between 0.0001 and 100)
);
--> statement-breakpoint
CREATE TABLE "playbook_reviews" (
	"id" text PRIMARY KEY,
	"playbook_id" text NOT NULL,
	"base_version" integer NOT NULL,
	"status" text NOT NULL,
	"revision" integer DEFAULT 1 NOT NULL,
	"data_quality" jsonb NOT NULL,
	"models" jsonb NOT NULL,
	"trades_analysed" integer NOT NULL,
	"explanation" text NOT NULL,
	"drift" jsonb DEFAULT '[]' NOT NULL,
	"backtest_check" jsonb,
	"rollback_to" integer,
	"requested_by" text NOT NULL,
	"decided_by" text,
	"decided_in" text,
	"reason" text,
	"applied_version" integer,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp(3) with time zone NOT NULL,
	"decided_at" timestamp(3) with time zone
);
--> statement-breakpoint
CREATE TABLE "playbook_trades" (
	"id" text PRIMARY KEY,
	"playbook_id" text NOT NULL,
	"external_id" text NOT NULL,
	"digest" text NOT NULL,
	"symbol" text NOT NULL,
	"side" text NOT NULL,
	"strategy" text NOT NULL,
	"regime" text NOT NULL,
	"regime_at_exit" text,
	"volatility_percentile" double precision,
	"confidence" double precision NOT NULL,
	"leverage" double precision NOT NULL,
	"entry_time" timestamp(3) with time zone NOT NULL,
	"exit_time" timestamp(3) with time zone NOT NULL,
	"entry_price" double precision NOT NULL,
	"exit_price" double precision NOT NULL,
	"stop_loss" double precision,
	"take_profit" double precision,
	"min_price" double precision,
	"max_price" double precision,
	"profit_ratio" double precision NOT NULL,
	"profit_abs" double precision NOT NULL,
	"fees" double precision,
	"exit_reason" text,
	"recorded_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "playbook_trades_playbook_id_external_id_unique" UNIQUE("playbook_id","external_id"),
	CONSTRAINT "playbook_trades_times" CHECK ("exit_time" >= "entry_time"),
	CONSTRAINT "playbook_trades_leverage" CHECK ("leverage" > 0 and "leverage" <= 1000),
	CONSTRAINT "playbook_trades_confidence" CHECK ("confidence" between 0 and 100),
	CONSTRAINT "playbook_trades_prices" CHECK ("entry_price" > 0 and "entry_price" < 'Infinity' and "exit_price" > 0 and "exit_price" < 'Infinity' and "min_price" > 0 and "max_price" < 'Infinity'),
	CONSTRAINT "playbook_trades_profit" CHECK ("profit_ratio" > '-Infinity' and "profit_ratio" < 'Infinity' and "profit_abs" > '-Infinity' and "profit_abs" < 'Infinity' and "fees" > '-Infinity' and "fees" < 'Infinity'),
	CONSTRAINT "playbook_trades_stops" CHECK ("stop_loss" > '-Infinity' and "stop_loss" < 'Infinity' and "take_profit" > '-Infinity' and "take_profit" < 'Infinity'),
	CONSTRAINT "playbook_trades_volatility" CHECK ("volatility_percentile" between 0 and 1)
);
--> statement-breakpoint
CREATE TABLE "playbook_versions" (
	"playbook_id" text,
	"version" integer,
	"previous_version" integer,
	"changes" jsonb NOT NULL,
	"origin" text NOT NULL,
	"review_id" text,
	"restores" integer,
	"author" text NOT NULL,
	"created_at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "playbook_versions_pkey" PRIMARY KEY("playbook_id","version"),
	CONSTRAINT "playbook_versions_no_gap" CHECK (("version" = 1 and "previous_version" is null) or ("version" > 1 and "previous_version" is not null and "previous_version" = "version" - 1))
);
--> statement-breakpoint
CREATE TABLE "playbooks" (
	"id" text PRIMARY KEY,
	"name" text NOT NULL UNIQUE,
	"version" integer NOT NULL,
	"settings" jsonb NOT NULL,
	"strategy_id" text,
	"market_id" text,
	"auto_apply_stopped" text,
	"next_review_at" timestamp(3) with time zone NOT NULL,
	"created_by" text NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "playbooks_version" CHECK ("version" >= 1)
);
--> statement-breakpoint
CREATE TABLE "recommendations" (
	"id" text PRIMARY KEY,
	"review_id" text NOT NULL,
	"position" integer NOT NULL,
	"regime" text NOT NULL,
	"parameter" text NOT NULL,
	"strategy" text,
	"current" double precision NOT NULL,
	"recommended" double precision NOT NULL,
	"change" double precision NOT NULL,
	"risk" text NOT NULL,
	"confidence" double precision NOT NULL,
	"status" text DEFAULT 'PENDING' NOT NULL,
	"rationale" text NOT NULL,
	"evidence" jsonb NOT NULL,
	"expected_effect" jsonb,
	CONSTRAINT "recommendations_finite" CHECK ("current" > '-Infinity' and "current" < 'Infinity' and "recommended" > '-Infinity' and "recommended" < 'Infinity'),
	CONSTRAINT "recommendations_confidence" CHECK ("confidence" between 0 and 100),
	CONSTRAINT "recommendations_leverage" CHECK ("parameter" <> 'LEVERAGE' or "recommended" between 1 and 125)
);
--> statement-breakpoint
CREATE INDEX "playbook_forecasts_playbook_id_made_at_index" ON "playbook_forecasts" ("playbook_id","made_at");--> statement-breakpoint
CREATE UNIQUE INDEX "playbook_reviews_one_pending" ON "playbook_reviews" ("playbook_id") WHERE "status" = 'PENDING';--> statement-breakpoint
CREATE INDEX "playbook_reviews_playbook_id_created_at_id_index" ON "playbook_reviews" ("playbook_id","created_at","id");--> statement-breakpoint
CREATE INDEX "playbook_trades_playbook_id_exit_time_id_index" ON "playbook_trades" ("playbook_id","exit_time","id");--> statement-breakpoint
CREATE INDEX "playbooks_created_at_id_index" ON "playbooks" ("created_at","id");--> statement-breakpoint
CREATE INDEX "recommendations_review_id_position_index" ON "recommendations" ("review_id","position");--> statement-breakpoint
ALTER TABLE "attributions" ADD CONSTRAINT "attributions_vJqvyltGqCmY_fkey" FOREIGN KEY ("playbook_id","version") REFERENCES "playbook_versions"("playbook_id","version");--> statement-breakpoint
ALTER TABLE "playbook_forecasts" ADD CONSTRAINT "playbook_forecasts_playbook_id_playbooks_id_fkey" FOREIGN KEY ("playbook_id") REFERENCES "playbooks"("id");--> statement-breakpoint
ALTER TABLE "playbook_plays" ADD CONSTRAINT "playbook_plays_kwxGmCGU4h0x_fkey" FOREIGN KEY ("playbook_id","version") REFERENCES "playbook_versions"("playbook_id","version");--> statement-breakpoint
ALTER TABLE "playbook_reviews" ADD CONSTRAINT "playbook_reviews_playbook_id_playbooks_id_fkey" FOREIGN KEY ("playbook_id") REFERENCES "playbooks"("id");--> statement-breakpoint
ALTER TABLE "playbook_trades" ADD CONSTRAINT "playbook_trades_playbook_id_playbooks_id_fkey" FOREIGN KEY ("playbook_id") REFERENCES "playbooks"("id");--> statement-breakpoint
ALTER TABLE "playbook_versions" ADD CONSTRAINT "playbook_versions_playbook_id_playbooks_id_fkey" FOREIGN KEY ("playbook_id") REFERENCES "playbooks"("id");--> statement-breakpoint
ALTER TABLE "playbook_versions" ADD CONSTRAINT "playbook_versions_J6ceo0ZoC6zn_fkey" FOREIGN KEY ("playbook_id","previous_version") REFERENCES "playbook_versions"("playbook_id","version");--> statement-breakpoint
ALTER TABLE "playbooks" ADD CONSTRAINT "playbooks_strategy_id_strategies_id_fkey" FOREIGN KEY ("strategy_id") REFERENCES "strategies"("id") ON DELETE SET NULL;--> statement-breakpoint
ALTER TABLE "playbooks" ADD CONSTRAINT "playbooks_market_id_markets_id_fkey" FOREIGN KEY ("market_id") REFERENCES "markets"("id") ON DELETE SET NULL;--> statement-breakpoint
ALTER TABLE "recommendations" ADD CONSTRAINT "recommendations_review_id_playbook_reviews_id_fkey" FOREIGN KEY ("review_id") REFERENCES "playbook_reviews"("id");--> statement-breakpoint
CREATE FUNCTION "refuse_playbook_history_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	RAISE EXCEPTION 'The versions of a playbook are only ever added to.' USING ERRCODE = '42501';
END $$;--> statement-breakpoint
CREATE TRIGGER "playbook_versions_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "playbook_versions"
	FOR EACH STATEMENT EXECUTE FUNCTION "refuse_playbook_history_change"();--> statement-breakpoint
CREATE TRIGGER "playbook_plays_append_only" BEFORE UPDATE OR DELETE OR TRUNCATE ON "playbook_plays"
	FOR EACH STATEMENT EXECUTE FUNCTION "refuse_playbook_history_change"();--> statement-breakpoint
CREATE FUNCTION "keep_playbook_bounds"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	bound record;
	value double precision;
BEGIN
	FOR bound IN
		SELECT entry ->> 'parameter' AS parameter, (entry ->> 'min')::double precision AS least, (entry ->> 'max')::double precision AS most
		FROM "playbooks", jsonb_array_elements("playbooks"."settings" -> 'bounds') AS entry
		WHERE "playbooks"."id" = NEW."playbook_id"
	LOOP
		value := CASE bound.parameter
			WHEN 'LEVERAGE' THEN NEW."leverage"
			WHEN 'RISK_REWARD_RATIO' THEN NEW."risk_reward_ratio"
			WHEN 'CONFIDENCE_THRESHOLD' THEN NEW."confidence_threshold"
			WHEN 'STOP_LOSS' THEN NEW."stop_loss"
			WHEN 'TAKE_PROFIT' THEN NEW."take_profit"
		END;
		IF value < bound.least OR value > bound.most THEN
			RAISE EXCEPTION '% of % is %, beyond % to %.', bound.parameter, NEW."regime", value, bound.least, bound.most
				USING ERRCODE = '23514', CONSTRAINT = 'playbook_plays_own_bounds';
		END IF;
	END LOOP;
	RETURN NEW;
END $$;--> statement-breakpoint
CREATE TRIGGER "playbook_plays_own_bounds" BEFORE INSERT ON "playbook_plays"
	FOR EACH ROW EXECUTE FUNCTION "keep_playbook_bounds"();
