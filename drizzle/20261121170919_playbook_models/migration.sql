CREATE TABLE "playbook_models" (
	"id" text PRIMARY KEY,
	"playbook_id" text NOT NULL,
	"optimizer" text NOT NULL,
	"version" integer NOT NULL,
	"algorithm" text NOT NULL,
	"hyperparameters" jsonb NOT NULL,
	"feature_names" text[] NOT NULL,
	"r2" double precision,
	"mae" double precision,
	"cross_validation_r2" double precision,
	"trained_on" integer NOT NULL,
	"first_trade_at" timestamp(3) with time zone NOT NULL,
	"last_trade_at" timestamp(3) with time zone NOT NULL,
	"artifact" bytea NOT NULL,
	"checksum" text NOT NULL,
	"size_bytes" integer NOT NULL,
	"trained_at" timestamp(3) with time zone NOT NULL,
	CONSTRAINT "playbook_models_playbook_id_optimizer_version_unique" UNIQUE("playbook_id","optimizer","version"),
	CONSTRAINT "playbook_models_scores" CHECK ("r2" > '-Infinity' and "r2" < 'Infinity' and "mae" > '-Infinity' and "mae" < 'Infinity' and "cross_validation_r2" > '-Infinity' and "cross_validation_r2" < 'Infinity')
);
--> statement-breakpoint
ALTER TABLE "playbooks" ADD COLUMN "next_training_at" timestamp(3) with time zone DEFAULT now() NOT NULL;--> statement-breakpoint
ALTER TABLE "playbook_models" ADD CONSTRAINT "playbook_models_playbook_id_playbooks_id_fkey" FOREIGN KEY ("playbook_id") REFERENCES "playbooks"("id");