CREATE TABLE "telegram_buttons" (
	"id" text PRIMARY KEY,
	"user_id" text NOT NULL,
	"action" text NOT NULL,
	"subject_id" text NOT NULL,
	"version" integer NOT NULL,
	"detail" jsonb DEFAULT '{}' NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "telegram_notices" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "telegram_notices_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"user_id" text NOT NULL,
	"kind" text NOT NULL,
	"subject_id" text NOT NULL,
	"shown" integer DEFAULT 0 NOT NULL,
	"message_id" integer,
	"next_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "telegram_notices_kind_subject_id_user_id_unique" UNIQUE("kind","subject_id","user_id")
);
--> statement-breakpoint
CREATE TABLE "telegram_updates" (
	"update_id" bigint PRIMARY KEY,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "telegram_buttons_subject_id_user_id_index" ON "telegram_buttons" ("subject_id","user_id");--> statement-breakpoint
CREATE INDEX "telegram_buttons_created_at_index" ON "telegram_buttons" ("created_at");--> statement-breakpoint
CREATE INDEX "telegram_notices_created_at_index" ON "telegram_notices" ("created_at");