CREATE TABLE "webhook_events" (
	"event" text,
	"subject_id" text,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "webhook_events_pkey" PRIMARY KEY("event","subject_id")
);
