CREATE TABLE "tried_sets" (
	"market_id" text,
	"digest" text,
	"question" text,
	"created_at" timestamp(3) with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "tried_sets_pkey" PRIMARY KEY("market_id","digest")
);
