CREATE TABLE IF NOT EXISTS fixture_one_schema (version INTEGER NOT NULL);
CREATE TABLE fixture_one (
  kind TEXT NOT NULL,
  digest BLOB NOT NULL,
  access_token_digest BLOB,
  refresh_token_digest BLOB,
  subject_digest BLOB,
  provider_session_digest BLOB,
  grant_digest BLOB,
  revision INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  expires_at INTEGER,
  payload BLOB NOT NULL,
  PRIMARY KEY (kind, digest)
);
CREATE UNIQUE INDEX fixture_one_access ON fixture_one (access_token_digest, kind) WHERE access_token_digest IS NOT NULL;
CREATE UNIQUE INDEX fixture_one_refresh ON fixture_one (refresh_token_digest, kind) WHERE refresh_token_digest IS NOT NULL;
CREATE INDEX fixture_one_subject ON fixture_one (subject_digest) WHERE subject_digest IS NOT NULL;
CREATE INDEX fixture_one_provider ON fixture_one (provider_session_digest) WHERE provider_session_digest IS NOT NULL;
CREATE INDEX fixture_one_grant ON fixture_one (grant_digest) WHERE grant_digest IS NOT NULL;
CREATE INDEX fixture_one_expiry ON fixture_one (expires_at) WHERE expires_at IS NOT NULL;
INSERT INTO fixture_one_schema (version) VALUES (1);
INSERT INTO fixture_one (kind, digest, access_token_digest, refresh_token_digest, subject_digest, provider_session_digest, grant_digest, revision, created_at, expires_at, payload) VALUES ('session', x'0101010101010101010101010101010101010101010101010101010101010101', x'0202020202020202020202020202020202020202020202020202020202020202', x'0303030303030303030303030303030303030303030303030303030303030303', x'0404040404040404040404040404040404040404040404040404040404040404', x'0505050505050505050505050505050505050505050505050505050505050505', x'0606060606060606060606060606060606060606060606060606060606060606', -2, 1000, 99999999999999, x'00ff7f275c800a');
INSERT INTO fixture_one (kind, digest, access_token_digest, refresh_token_digest, subject_digest, provider_session_digest, grant_digest, revision, created_at, expires_at, payload) VALUES ('client', x'0707070707070707070707070707070707070707070707070707070707070707', NULL, NULL, NULL, NULL, NULL, 5, 1000, NULL, x'');
INSERT INTO fixture_one (kind, digest, access_token_digest, refresh_token_digest, subject_digest, provider_session_digest, grant_digest, revision, created_at, expires_at, payload) VALUES ('code', x'0000000000000000000000000000000000000000000000000000000000000020', NULL, NULL, NULL, NULL, x'0606060606060606060606060606060606060606060606060606060606060606', 9223372036854775807, 1000, 99999999999999, x'20');
INSERT INTO fixture_one (kind, digest, access_token_digest, refresh_token_digest, subject_digest, provider_session_digest, grant_digest, revision, created_at, expires_at, payload) VALUES ('state', x'0101010101010101010101010101010101010101010101010101010101010101', NULL, NULL, NULL, NULL, NULL, 1, 1000, 2000, x'7b7d');
