CREATE TABLE "message_holders" (
	"queue" text,
	"message_id" uuid,
	"holder" integer NOT NULL,
	CONSTRAINT "message_holders_pkey" PRIMARY KEY("queue","message_id")
);
