-- A token is bound to a playbook that there is. Tokens that were made before this was asked stay as they are.
ALTER TABLE "api_tokens" ADD CONSTRAINT "api_tokens_playbook_id_playbooks_id_fkey"
	FOREIGN KEY ("playbook_id") REFERENCES "playbooks"("id") NOT VALID;
