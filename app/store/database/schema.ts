import { MEDIA } from './schema-media.ts'

/**
 * Instants are milliseconds since 1970. A BLOB is either a sealed value (crypto/cell.ts) or a keyed hash; which, the
 * comment says. `head` marks what a claim may take: the first of its chat or lane that still has to leave.
 */
const FIRST = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE data_keys (
  id TEXT PRIMARY KEY,
  scope TEXT NOT NULL,
  version INTEGER NOT NULL,
  wrapped BLOB NOT NULL,
  UNIQUE (scope, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (account TEXT PRIMARY KEY, paused INTEGER NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE devices (
  account TEXT PRIMARY KEY,
  credentials BLOB NOT NULL, -- sealed
  phone BLOB, -- sealed
  linked_at INTEGER,
  logged_out_at INTEGER
) STRICT;

CREATE TABLE signal_keys (
  account TEXT NOT NULL,
  name BLOB NOT NULL, -- hash of type and id
  value BLOB NOT NULL, -- sealed
  PRIMARY KEY (account, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE messages (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  account TEXT NOT NULL,
  direction TEXT NOT NULL CHECK (direction IN ('in', 'out')),
  chat BLOB NOT NULL, -- hash
  message_id TEXT NOT NULL,
  status TEXT NOT NULL,
  head INTEGER NOT NULL DEFAULT 0,
  attempt_count INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL, -- 0: at once
  expires_at INTEGER,
  body BLOB NOT NULL, -- sealed JSON
  UNIQUE (account, message_id)
) STRICT;
CREATE INDEX messages_of_account ON messages (account, seq);
CREATE INDEX messages_of_chat ON messages (account, chat, seq);
CREATE INDEX messages_of_status ON messages (account, status, seq);
CREATE INDEX messages_queued ON messages (account, chat, seq) WHERE status = 'queued';
CREATE INDEX messages_sending ON messages (account, chat, seq) WHERE status = 'sending';
CREATE INDEX messages_claimable ON messages (account, due_at, seq) WHERE head = 1 AND status = 'queued';
CREATE INDEX messages_expiring ON messages (expires_at) WHERE status IN ('queued', 'held') AND expires_at IS NOT NULL;
CREATE UNIQUE INDEX messages_head ON messages (account, chat) WHERE head = 1;

CREATE TABLE message_steps (
  message INTEGER NOT NULL REFERENCES messages (seq) ON DELETE CASCADE,
  n INTEGER NOT NULL,
  status TEXT NOT NULL,
  at INTEGER NOT NULL,
  detail BLOB, -- sealed
  PRIMARY KEY (message, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency_keys (
  principal TEXT NOT NULL,
  name BLOB NOT NULL, -- hash
  body_digest BLOB NOT NULL, -- hash
  message INTEGER NOT NULL REFERENCES messages (seq) ON DELETE CASCADE,
  created_at INTEGER NOT NULL,
  PRIMARY KEY (principal, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  account TEXT,
  at INTEGER NOT NULL,
  body BLOB NOT NULL -- sealed JSON
) STRICT;

CREATE TABLE deliveries (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  event INTEGER NOT NULL REFERENCES events (seq),
  endpoint TEXT NOT NULL,
  lane BLOB NOT NULL, -- hash; empty: unordered
  lane_name BLOB, -- sealed
  status TEXT NOT NULL CHECK (status IN ('pending', 'delivered', 'dead')),
  head INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  due_at INTEGER NOT NULL,
  attempt_count INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX deliveries_of_event ON deliveries (event);
CREATE INDEX deliveries_of_endpoint ON deliveries (endpoint, seq);
CREATE INDEX deliveries_of_status ON deliveries (status, seq);
CREATE INDEX deliveries_waiting ON deliveries (endpoint, lane, seq) WHERE status = 'pending';
CREATE INDEX deliveries_claimable ON deliveries (endpoint, due_at, seq) WHERE head = 1;
CREATE INDEX deliveries_due ON deliveries (due_at, seq) WHERE head = 1;
CREATE UNIQUE INDEX deliveries_head ON deliveries (endpoint, lane) WHERE head = 1 AND lane <> x'';

CREATE TABLE delivery_attempts (
  delivery INTEGER NOT NULL REFERENCES deliveries (seq) ON DELETE CASCADE,
  n INTEGER NOT NULL,
  at INTEGER NOT NULL,
  status INTEGER,
  took_ms INTEGER NOT NULL,
  reason BLOB, -- sealed
  PRIMARY KEY (delivery, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  principal TEXT NOT NULL,
  credential TEXT,
  ip TEXT,
  action TEXT NOT NULL,
  target TEXT,
  decision TEXT NOT NULL,
  detail TEXT,
  prev TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE INDEX audit_of_principal ON audit (principal, seq);
CREATE INDEX audit_of_action ON audit (action, seq);
CREATE TRIGGER audit_keeps_entries BEFORE UPDATE ON audit BEGIN
  SELECT RAISE(ABORT, 'audit entries are never changed');
END;
CREATE TRIGGER audit_keeps_history BEFORE DELETE ON audit BEGIN
  SELECT RAISE(ABORT, 'audit entries are never removed');
END;
`

/**
 * The line of a chat. `place` is an entry's number in it: entries that are not due yet have none, and one that waits for
 * another attempt keeps its own. `head` becomes the turn at which the entry came to the front, so that chats take turns.
 */
const LINE = `
ALTER TABLE messages ADD COLUMN place INTEGER;
DROP INDEX messages_queued;
DROP INDEX messages_claimable;
DROP INDEX messages_head;
UPDATE messages SET expires_at = max(created_at, due_at) + 604800000
  WHERE direction = 'out' AND status IN ('held', 'queued', 'sending') AND expires_at IS NULL;
UPDATE messages SET head = 0 WHERE head = 1;
UPDATE messages SET place = seq
  WHERE status IN ('held', 'queued', 'sending') AND (attempt_count > 0 OR due_at <= unixepoch() * 1000);
UPDATE messages SET head = seq WHERE place IS NOT NULL AND status IN ('queued', 'sending') AND seq = (
  SELECT front.seq FROM messages AS front
  WHERE front.account = messages.account AND front.chat = messages.chat
    AND front.place IS NOT NULL AND front.status IN ('queued', 'sending')
  ORDER BY front.status = 'sending' DESC, front.place LIMIT 1);
CREATE INDEX messages_places ON messages (account, chat, place) WHERE place IS NOT NULL;
CREATE INDEX messages_line ON messages (account, chat, place) WHERE place IS NOT NULL AND status = 'queued';
CREATE INDEX messages_later ON messages (account, due_at, seq) WHERE place IS NULL AND status = 'queued';
CREATE INDEX messages_claimable ON messages (account, due_at, head) WHERE head > 0 AND status = 'queued';
CREATE INDEX messages_turns ON messages (account, head) WHERE head > 0;
CREATE UNIQUE INDEX messages_head ON messages (account, chat) WHERE head > 0;
`

/** Events get a number of their account (`''` in `event_sequences`: of none), counted from 1 without a gap. */
const EVENT_SEQUENCES = `
ALTER TABLE events ADD COLUMN sequence INTEGER NOT NULL DEFAULT 0;
UPDATE events SET sequence = numbered.n FROM (
  SELECT seq, row_number() OVER (PARTITION BY coalesce(account, '') ORDER BY seq) AS n FROM events
) AS numbered WHERE events.seq = numbered.seq;
CREATE UNIQUE INDEX events_of_account ON events (coalesce(account, ''), sequence);

CREATE TABLE event_sequences (account TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO event_sequences (account, last) SELECT coalesce(account, ''), count(*) FROM events GROUP BY 1;
`

/** The last message of a contact: asked before each send where a rule wants to know who opened the conversation. */
const INBOUND = `
CREATE INDEX messages_inbound ON messages (account, chat, seq) WHERE direction = 'in';
`

/** The stable word of a failure, or of what may become one. */
const STEP_CODES = `
ALTER TABLE message_steps ADD COLUMN code TEXT;
`

/** What came from WhatsApp, before and after it was made into messages and events; who of a group has a message. */
const JOURNAL = `
CREATE TABLE journal (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  account TEXT NOT NULL,
  digest BLOB NOT NULL, -- of the ciphertext, or of the stanza
  arrived_at INTEGER NOT NULL,
  stanza BLOB NOT NULL, -- sealed
  plaintext BLOB, -- sealed
  subject BLOB, -- hash, once recorded
  recorded_at INTEGER,
  UNIQUE (account, digest)
) STRICT;
CREATE INDEX journal_unfinished ON journal (account, seq) WHERE recorded_at IS NULL;
CREATE INDEX journal_of_subject ON journal (account, subject) WHERE subject IS NOT NULL;
CREATE INDEX journal_by_age ON journal (recorded_at) WHERE recorded_at IS NOT NULL;

CREATE TABLE message_receipts (
  message INTEGER NOT NULL REFERENCES messages (seq) ON DELETE CASCADE,
  participant BLOB NOT NULL, -- hash
  name BLOB NOT NULL, -- sealed
  status TEXT NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (message, participant)
) STRICT, WITHOUT ROWID;
`

/** A cache of whom WhatsApp knows, so that a restart asks nothing again. */
const RECIPIENTS = `
CREATE TABLE recipients (
  account TEXT NOT NULL,
  chat BLOB NOT NULL, -- hash
  until INTEGER NOT NULL,
  address BLOB, -- sealed; null: not on WhatsApp
  PRIMARY KEY (account, chat)
) STRICT;
CREATE INDEX recipients_by_age ON recipients (until);
`

/**
 * What an endpoint has been like, by its name in the policy, so that a restart neither forgets that it is disabled nor
 * storms one that is down. A replay begins the schedule of a delivery anew.
 */
const ENDPOINTS = `
CREATE TABLE endpoints (
  endpoint TEXT PRIMARY KEY,
  failure_count INTEGER NOT NULL,
  failing_since INTEGER,
  last_success_at INTEGER,
  last_failure_at INTEGER,
  open_until INTEGER,
  probe_count INTEGER NOT NULL,
  disabled_at INTEGER,
  disabled_because TEXT
) STRICT, WITHOUT ROWID;
ALTER TABLE deliveries ADD COLUMN begun_at INTEGER; -- NULL: with its event
ALTER TABLE deliveries ADD COLUMN begun_after INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery_attempts ADD COLUMN answer BLOB; -- sealed
CREATE INDEX deliveries_dead ON deliveries (endpoint, seq) WHERE status = 'dead';
`

/** What retention looks for: messages by their age, those whose content is still there apart. */
const RETENTION = `
ALTER TABLE messages ADD COLUMN body_kept INTEGER NOT NULL DEFAULT 1;
CREATE INDEX messages_by_age ON messages (created_at, seq);
CREATE INDEX messages_with_body ON messages (created_at, seq) WHERE body_kept = 1;
`

/** What became of each attempt to put a policy in force, the files to go back to, and the digests not to try again. */
const POLICIES = `
CREATE TABLE policy_history (
  seq INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  revision INTEGER, -- NULL: never in force
  digest TEXT NOT NULL,
  principal TEXT NOT NULL,
  reason TEXT NOT NULL,
  git_commit TEXT,
  result TEXT NOT NULL,
  error BLOB -- sealed
) STRICT;
CREATE INDEX policy_history_by_revision ON policy_history (revision);
CREATE TABLE policy_files (digest TEXT PRIMARY KEY, seq INTEGER NOT NULL, files BLOB NOT NULL) STRICT; -- sealed
CREATE TABLE policy_refusals (
  digest TEXT PRIMARY KEY,
  because TEXT NOT NULL,
  seq INTEGER NOT NULL -- in the history
) STRICT, WITHOUT ROWID;
`

/** How full the buckets of the policy's limits were, so that a restart hands out no fresh burst. */
const LIMITS = `
CREATE TABLE limit_buckets (
  name BLOB PRIMARY KEY, -- hash of the limit and what the bucket is for
  state BLOB NOT NULL, -- sealed JSON
  rests_at INTEGER NOT NULL -- when it is full again
) STRICT;
CREATE INDEX limit_buckets_by_age ON limit_buckets (rests_at);
`

/** Who said yes to a message that was held; a principal's name, as the audit chain has it. */
const APPROVALS = `
ALTER TABLE messages ADD COLUMN approved_by TEXT;
`

/**
 * WhatsApp's ids are unique only for a chat and a sender. Of the account alone is `message_key`: a hash of them all, and in
 * rows of older versions the id that was thought to be.
 */
const MESSAGE_IDENTITY = `
ALTER TABLE messages RENAME COLUMN message_id TO message_key;
ALTER TABLE messages ADD COLUMN message_id TEXT NOT NULL DEFAULT '';
UPDATE messages SET message_id = message_key;
CREATE INDEX messages_by_message_id ON messages (account, message_id);
`

/** Decisions of the policy, for a while; an id begins with its instant, so that the oldest come first. */
const DECISIONS = `
CREATE TABLE decisions (
  id TEXT PRIMARY KEY,
  recipient BLOB, -- hash
  body BLOB NOT NULL -- sealed JSON
) STRICT, WITHOUT ROWID;
`

/** What contacts have said about being written to, whichever account writes. */
const CONTACTS = `
CREATE TABLE opt_outs (contact BLOB PRIMARY KEY, at INTEGER NOT NULL) STRICT, WITHOUT ROWID; -- hash
CREATE TABLE consents (
  contact BLOB NOT NULL, -- hash
  purpose TEXT NOT NULL,
  granted_at INTEGER,
  evidence BLOB, -- sealed
  recorded_at INTEGER NOT NULL,
  withdrawn_at INTEGER,
  PRIMARY KEY (contact, purpose)
) STRICT, WITHOUT ROWID;
`

/** Which LID and which number are one person's, as WhatsApp has told it. What holds for one of the two holds for both. */
const CONTACT_LINKS = `
CREATE TABLE contact_links (
  lid BLOB PRIMARY KEY, -- hash
  number BLOB NOT NULL UNIQUE, -- hash
  name BLOB NOT NULL -- the number, sealed
) STRICT, WITHOUT ROWID;
`

/** How each person has voted in a poll, at their latest. */
const POLL_VOTES = `
CREATE TABLE poll_votes (
  message INTEGER NOT NULL REFERENCES messages (seq) ON DELETE CASCADE,
  voter BLOB NOT NULL, -- hash
  body BLOB NOT NULL, -- sealed JSON
  at INTEGER NOT NULL,
  PRIMARY KEY (message, voter)
) STRICT, WITHOUT ROWID;
`

/** How long messages of a chat stay, as its people have set it last. */
const CHAT_TIMERS = `
CREATE TABLE chat_timers (
  account TEXT NOT NULL,
  chat BLOB NOT NULL, -- hash
  seconds INTEGER NOT NULL,
  at INTEGER NOT NULL,
  PRIMARY KEY (account, chat)
) STRICT, WITHOUT ROWID;
`

/** What people call themselves on WhatsApp. */
const CONTACT_NAMES = `
CREATE TABLE contact_names (
  contact BLOB PRIMARY KEY, -- hash
  name BLOB NOT NULL -- sealed
) STRICT, WITHOUT ROWID;
`

/** The schema's steps: the n-th takes a database from version n-1 to n. A step that has left this repository is never edited. */
export const MIGRATIONS: readonly string[] = [
  FIRST,
  LINE,
  EVENT_SEQUENCES,
  INBOUND,
  STEP_CODES,
  JOURNAL,
  RECIPIENTS,
  ENDPOINTS,
  RETENTION,
  POLICIES,
  LIMITS,
  APPROVALS,
  MESSAGE_IDENTITY,
  DECISIONS,
  CONTACTS,
  POLL_VOTES,
  CHAT_TIMERS,
  CONTACT_LINKS,
  MEDIA,
  CONTACT_NAMES,
]
