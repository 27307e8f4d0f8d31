CREATE TABLE IF NOT EXISTS fixture_one_schema (version INTEGER NOT NULL);
CREATE TABLE fixture_one (
  kind TEXT COLLATE "C" NOT NULL,
  digest BYTEA NOT NULL,
  access_token_digest BYTEA,
  refresh_token_digest BYTEA,
  subject_digest BYTEA,
  provider_session_digest BYTEA,
  grant_digest BYTEA,
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  payload BYTEA NOT NULL,
  PRIMARY KEY (kind, digest)
);
CREATE UNIQUE INDEX fixture_one_access ON fixture_one (access_token_digest, kind) WHERE access_token_digest IS NOT NULL;
CREATE UNIQUE INDEX fixture_one_refresh ON fixture_one (refresh_token_digest, kind) WHERE refresh_token_digest IS NOT NULL;
CREATE INDEX fixture_one_subject ON fixture_one (subject_digest) WHERE subject_digest IS NOT NULL;
CREATE INDEX fixture_one_provider ON fixture_one (provider_session_digest) WHERE provider_session_digest IS NOT NULL;
CREATE INDEX fixture_one_grant ON fixture_one (grant_digest) WHERE grant_digest IS NOT NULL;
CREATE INDEX fixture_one_expiry ON fixture_one (expires_at) WHERE expires_at IS NOT NULL;
CREATE INDEX fixture_one_lookup ON fixture_one USING hash (digest);
INSERT INTO fixture_one_schema (version) VALUES (1);
INSERT INTO fixture_one (kind, digest, access_token_digest, refresh_token_digest, subject_digest, provider_session_digest, grant_digest, revision, created_at, expires_at, payload) VALUES ('session', '\x0101010101010101010101010101010101010101010101010101010101010101'::bytea, '\x0202020202020202020202020202020202020202020202020202020202020202'::bytea, '\x0303030303030303030303030303030303030303030303030303030303030303'::bytea, '\x0404040404040404040404040404040404040404040404040404040404040404'::bytea, '\x0505050505050505050505050505050505050505050505050505050505050505'::bytea, '\x0606060606060606060606060606060606060606060606060606060606060606'::bytea, -2, 1000, 99999999999999, '\x00ff7f275c800a'::bytea);
INSERT INTO fixture_one (kind, digest, access_token_digest, refresh_token_digest, subject_digest, provider_session_digest, grant_digest, revision, created_at, expires_at, payload) VALUES ('client', '\x0707070707070707070707070707070707070707070707070707070707070707'::bytea, NULL, NULL, NULL, NULL, NULL, 5, 1000, NULL, '\x'::bytea);
INSERT INTO fixture_one (kind, digest, access_token_digest, refresh_token_digest, subject_digest, provider_session_digest, grant_digest, revision, created_at, expires_at, payload) VALUES ('code', '\x0000000000000000000000000000000000000000000000000000000000000020'::bytea, NULL, NULL, NULL, NULL, '\x0606060606060606060606060606060606060606060606060606060606060606'::bytea, 9223372036854775807, 1000, 99999999999999, '\x20'::bytea);
INSERT INTO fixture_one (kind, digest, access_token_digest, refresh_token_digest, subject_digest, provider_session_digest, grant_digest, revision, created_at, expires_at, payload) VALUES ('state', '\x0101010101010101010101010101010101010101010101010101010101010101'::bytea, NULL, NULL, NULL, NULL, NULL, 1, 1000, 2000, '\x7b7d'::bytea);
