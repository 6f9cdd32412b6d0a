/** Files of messages. Their bytes lie in a folder beside the database, each under the key here; items with one content share a file. */
export const MEDIA = `
CREATE TABLE media_files (
  seq INTEGER PRIMARY KEY,
  account TEXT NOT NULL,
  digest BLOB NOT NULL, -- hash of the content's SHA-256
  name TEXT NOT NULL UNIQUE,
  size INTEGER NOT NULL,
  key BLOB NOT NULL, -- sealed
  UNIQUE (account, digest)
) STRICT;
CREATE TABLE media (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  account TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  file INTEGER REFERENCES media_files (seq), -- NULL: at WhatsApp's alone
  fetch_at INTEGER, -- NULL: not by itself
  fetch_count INTEGER NOT NULL,
  body BLOB NOT NULL, -- sealed JSON
  sent BLOB -- sealed JSON
) STRICT;
CREATE INDEX media_by_age ON media (created_at, seq);
CREATE INDEX media_of_file ON media (file) WHERE file IS NOT NULL;
CREATE INDEX media_to_fetch ON media (fetch_at, seq) WHERE fetch_at IS NOT NULL;
ALTER TABLE messages ADD COLUMN media TEXT; -- what an outgoing message carries
CREATE INDEX messages_of_media ON messages (media) WHERE media IS NOT NULL;
`
