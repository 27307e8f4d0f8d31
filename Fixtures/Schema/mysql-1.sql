CREATE TABLE IF NOT EXISTS fixture_one_schema (version INTEGER NOT NULL);
CREATE TABLE fixture_one (
  kind VARCHAR(15) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  digest BINARY(32) NOT NULL,
  access_token_digest BINARY(32),
  refresh_token_digest BINARY(32),
  subject_digest BINARY(32),
  provider_session_digest BINARY(32),
  grant_digest BINARY(32),
  revision BIGINT NOT NULL,
  created_at BIGINT NOT NULL,
  expires_at BIGINT,
  payload LONGBLOB NOT NULL,
  PRIMARY KEY (kind, digest),
  UNIQUE KEY fixture_one_access (access_token_digest, kind),
  UNIQUE KEY fixture_one_refresh (refresh_token_digest, kind),
  KEY fixture_one_subject (subject_digest),
  KEY fixture_one_provider (provider_session_digest),
  KEY fixture_one_grant (grant_digest),
  KEY fixture_one_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;
INSERT INTO fixture_one_schema (version) VALUES (1);
INSERT INTO fixture_one (kind, digest, access_token_digest, refresh_token_digest, subject_digest, provider_session_digest, grant_digest, revision, created_at, expires_at, payload) VALUES ('session', x'0101010101010101010101010101010101010101010101010101010101010101', x'0202020202020202020202020202020202020202020202020202020202020202', x'0303030303030303030303030303030303030303030303030303030303030303', x'0404040404040404040404040404040404040404040404040404040404040404', x'0505050505050505050505050505050505050505050505050505050505050505', x'0606060606060606060606060606060606060606060606060606060606060606', -2, 1000, 99999999999999, x'00ff7f275c800a');
INSERT INTO fixture_one (kind, digest, access_token_digest, refresh_token_digest, subject_digest, provider_session_digest, grant_digest, revision, created_at, expires_at, payload) VALUES ('client', x'0707070707070707070707070707070707070707070707070707070707070707', NULL, NULL, NULL, NULL, NULL, 5, 1000, NULL, x'');
INSERT INTO fixture_one (kind, digest, access_token_digest, refresh_token_digest, subject_digest, provider_session_digest, grant_digest, revision, created_at, expires_at, payload) VALUES ('code', x'0000000000000000000000000000000000000000000000000000000000000020', NULL, NULL, NULL, NULL, x'0606060606060606060606060606060606060606060606060606060606060606', 9223372036854775807, 1000, 99999999999999, x'20');
INSERT INTO fixture_one (kind, digest, access_token_digest, refresh_token_digest, subject_digest, provider_session_digest, grant_digest, revision, created_at, expires_at, payload) VALUES ('state', x'0101010101010101010101010101010101010101010101010101010101010101', NULL, NULL, NULL, NULL, NULL, 1, 1000, 2000, x'7b7d');
