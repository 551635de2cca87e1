BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE approval (
	id VARCHAR NOT NULL, 
	request_id VARCHAR NOT NULL, 
	round INTEGER NOT NULL, 
	team VARCHAR NOT NULL, 
	slack_user VARCHAR NOT NULL, 
	email VARCHAR NOT NULL, 
	principal VARCHAR NOT NULL, 
	verdict VARCHAR NOT NULL, 
	stage INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	note TEXT, 
	at DATETIME NOT NULL, 
	PRIMARY KEY (id), 
	CONSTRAINT verdict_known CHECK (verdict IN ('approve', 'deny')), 
	FOREIGN KEY(request_id) REFERENCES request (id), 
	CONSTRAINT approval_once UNIQUE (request_id, round, email)
);
INSERT INTO "approval" VALUES('xw8scjjyryd8yttnxwvs','quszf4v49x84np4aujn8',0,'T0ACME','U0HEIDI','heidi@example.com','group:leads','deny',1,1,'Not tonight.','2026-11-22 02:10:00.002000');
CREATE TABLE drift (
	id VARCHAR NOT NULL, 
	connector VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	access JSON NOT NULL, 
	ours BOOLEAN NOT NULL, 
	how TEXT NOT NULL, 
	seen_at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE due (
	id VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	ref VARCHAR NOT NULL, 
	lane VARCHAR NOT NULL, 
	due_at DATETIME NOT NULL, 
	rung INTEGER NOT NULL, 
	attempts INTEGER NOT NULL, 
	data JSON NOT NULL, 
	lease_by VARCHAR, 
	lease_until DATETIME, 
	PRIMARY KEY (id)
);
INSERT INTO "due" VALUES('revoke:u2un4mattkw4a7rxu3pz','revoke','u2un4mattkw4a7rxu3pz','take:orders-db','2026-11-22 02:36:01.060085',0,1,'{"request": "trxeczt9v8ker6c4947c", "error": "orders-db has no database of the DSN''s name, or the bot may not connect to it"}',NULL,NULL);
INSERT INTO "due" VALUES('ending:n92e4zhu54n8hev7qn2v','ending','n92e4zhu54n8hev7qn2v','timer','2026-11-22 06:30:00.008000',0,0,'{}',NULL,NULL);
INSERT INTO "due" VALUES('revoke:kwd6jxjt5sfqjv5m9swt','revoke','kwd6jxjt5sfqjv5m9swt','take:orders-db','2026-11-22 06:35:00.008000',0,0,'{"request": "n92e4zhu54n8hev7qn2v"}',NULL,NULL);
INSERT INTO "due" VALUES('ask:zmq5tj4gt4a55a475pej','ask','zmq5tj4gt4a55a475pej','timer','2026-11-22 02:39:00.009000',0,0,'{}',NULL,NULL);
INSERT INTO "due" VALUES('ending:a8dvm6fr2nkwyepmafd8','ending','a8dvm6fr2nkwyepmafd8','timer','2026-11-22 03:31:00.010000',0,0,'{}',NULL,NULL);
INSERT INTO "due" VALUES('give:48rub44swwnun4sdec9y','give','48rub44swwnun4sdec9y','give:orders-db','2026-11-22 02:36:00.010000',0,0,'{"request": "a8dvm6fr2nkwyepmafd8"}',NULL,NULL);
INSERT INTO "due" VALUES('revoke:48rub44swwnun4sdec9y','revoke','48rub44swwnun4sdec9y','take:orders-db','2026-11-22 03:36:00.010000',0,0,'{"request": "a8dvm6fr2nkwyepmafd8"}',NULL,NULL);
INSERT INTO "due" VALUES('overdue:orders-db','overdue','orders-db','timer','2026-11-22 02:37:00.010000',0,0,'{"watched": "take:orders-db"}',NULL,NULL);
INSERT INTO "due" VALUES('canary:canary','canary','canary','canary','2026-11-22 02:36:03.010000',0,0,'{"planned": "2026-11-22T02:36:03.010000Z"}',NULL,NULL);
INSERT INTO "due" VALUES('decide:hhndd6mru4mg8myf5jd2','decide','hhndd6mru4mg8myf5jd2','desk','2026-11-22 02:36:00.011000',0,0,'{}',NULL,NULL);
CREATE TABLE freeze (
	id VARCHAR NOT NULL, 
	since DATETIME NOT NULL, 
	until DATETIME NOT NULL, 
	"by" VARCHAR NOT NULL, 
	reason TEXT NOT NULL, 
	connector VARCHAR, 
	thaw_asked_by VARCHAR, 
	thaw_reason TEXT, 
	thawed_at DATETIME, 
	thawed_by VARCHAR, 
	PRIMARY KEY (id)
);
CREATE TABLE grant (
	id VARCHAR NOT NULL, 
	request_id VARCHAR NOT NULL, 
	n INTEGER NOT NULL, 
	connector VARCHAR NOT NULL, 
	access JSON NOT NULL, 
	subject VARCHAR NOT NULL, 
	hold_id VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	already_had BOOLEAN NOT NULL, 
	planned_at DATETIME NOT NULL, 
	ends_at DATETIME NOT NULL, 
	granted_at DATETIME, 
	verified_at DATETIME, 
	revoked_at DATETIME, 
	revoke_verified_at DATETIME, 
	left_because VARCHAR, 
	sessions VARCHAR, 
	left_behind JSON, 
	expiry VARCHAR NOT NULL, 
	receipt JSON, 
	attempts INTEGER NOT NULL, 
	last_error TEXT, 
	PRIMARY KEY (id), 
	CONSTRAINT state_known CHECK (state IN ('planned', 'granting', 'active', 'revoking', 'failed', 'revoked', 'left')), 
	FOREIGN KEY(hold_id) REFERENCES hold (id), 
	FOREIGN KEY(request_id) REFERENCES request (id)
);
INSERT INTO "grant" VALUES('e8895mztk9vtegs8u7nm','fnpba89766zws5tarfst',0,'orders-db','{"role": "incident_reader"}','ada','f98312541302ad6eef2ccb3680156451','revoked',0,'2026-11-22 02:20:00.005000','2026-11-22 02:25:00.005000','2026-11-22 02:20:00.005000','2026-11-22 02:20:00.005000','2026-11-22 02:25:00.005000','2026-11-22 02:25:00.005000',NULL,'none','[]','worker','{"xid": 771, "subject_oid": 16385, "role_oid": 16391}',0,NULL);
INSERT INTO "grant" VALUES('44mumqxxvsturdwm8e3w','r9ptkdpsgszsnx9scrfp',0,'orders-db','{"role": "incident_reader"}','heidi','c7addbe89c05f74e3b21a19ba0ee0e12','failed',0,'2026-11-22 02:25:00.006000','2026-11-22 02:55:00.006000',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'worker',NULL,0,'orders-db could not give it within 5 minutes.');
INSERT INTO "grant" VALUES('u2un4mattkw4a7rxu3pz','trxeczt9v8ker6c4947c',0,'orders-db','{"role": "incident_reader"}','grace','6cbc43d880ffa191495034252cb3ba26','revoking',0,'2026-11-22 02:31:00.007000','2026-11-22 02:36:00.007000','2026-11-22 02:31:00.007000','2026-11-22 02:31:00.007000',NULL,NULL,NULL,NULL,NULL,'worker','{"xid": 773, "subject_oid": 16387, "role_oid": 16391}',1,'orders-db has no database of the DSN''s name, or the bot may not connect to it');
INSERT INTO "grant" VALUES('kwd6jxjt5sfqjv5m9swt','n92e4zhu54n8hev7qn2v',0,'orders-db','{"role": "incident_writer"}','ada','66d9953b2b2839cff1b40197b6120132','active',0,'2026-11-22 02:35:00.008000','2026-11-22 06:35:00.008000','2026-11-22 02:35:00.008000','2026-11-22 02:35:00.008000',NULL,NULL,NULL,NULL,NULL,'worker','{"xid": 774, "subject_oid": 16385, "role_oid": 16392}',0,NULL);
INSERT INTO "grant" VALUES('48rub44swwnun4sdec9y','a8dvm6fr2nkwyepmafd8',0,'orders-db','{"role": "incident_reader"}','heidi','c7addbe89c05f74e3b21a19ba0ee0e12','planned',0,'2026-11-22 02:36:00.010000','2026-11-22 03:36:00.010000',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'worker',NULL,0,NULL);
CREATE TABLE hold (
	id VARCHAR NOT NULL, 
	connector VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	access_key TEXT NOT NULL, 
	lease_by VARCHAR, 
	lease_until DATETIME, 
	PRIMARY KEY (id), 
	CONSTRAINT hold_once UNIQUE (connector, subject, access_key)
);
INSERT INTO "hold" VALUES('f98312541302ad6eef2ccb3680156451','orders-db','ada','{"role":"incident_reader"}',NULL,NULL);
INSERT INTO "hold" VALUES('c7addbe89c05f74e3b21a19ba0ee0e12','orders-db','heidi','{"role":"incident_reader"}',NULL,NULL);
INSERT INTO "hold" VALUES('6cbc43d880ffa191495034252cb3ba26','orders-db','grace','{"role":"incident_reader"}',NULL,NULL);
INSERT INTO "hold" VALUES('66d9953b2b2839cff1b40197b6120132','orders-db','ada','{"role":"incident_writer"}',NULL,NULL);
CREATE TABLE ledger (
	seq INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	actor TEXT NOT NULL, 
	action VARCHAR NOT NULL, 
	request_id VARCHAR, 
	data TEXT NOT NULL, 
	prev_hash VARCHAR NOT NULL, 
	hash VARCHAR NOT NULL, 
	PRIMARY KEY (seq)
);
INSERT INTO "ledger" VALUES(1,'2026-11-22 02:10:00.000000','shelf','PoliciesLoaded',NULL,'{"clean":null,"commit":null,"digest":"sha256:fc437921787a71d7eccdecc8b0bdceb00ad1efa2aa4aa6f28e5222c681f47521"}','0000000000000000000000000000000000000000000000000000000000000000','d2d476c0fdb58c43ff41bd279bf3d3e2ab2f331507316ea46f744a536aae3c63');
INSERT INTO "ledger" VALUES(2,'2026-11-22 02:10:00.001000','slack:T0ACME/U0MALLORY','RequestOpened','4uncemjhdtjpbkc958es','{"rows":[{"id":"4uncemjhdtjpbkc958es","set":{"active_at":null,"asked_seconds":1800,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"4uncemjhdtjpbkc958es","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"orders-db","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:10:00.001000Z","round":0,"slack_user":"U0MALLORY","stage":0,"state":"deciding","state_at":"2026-11-22T02:10:00.001000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','d2d476c0fdb58c43ff41bd279bf3d3e2ab2f331507316ea46f744a536aae3c63','4b5967078cd62aab5ad436299506bb15b0402dc44961a770a49c116bf3bf0112');
INSERT INTO "ledger" VALUES(3,'2026-11-22 02:10:00.001000','policy','RequestRefused','4uncemjhdtjpbkc958es','{"because":"refused","reason":"Your Slack account is a guest; only full members can use this.","rows":[{"id":"4uncemjhdtjpbkc958es","set":{"decision":{"because":["Your Slack account is a guest; only full members can use this."],"facts":[],"rule":null,"verdict":"refuse"},"ended_at":"2026-11-22T02:10:00.001000Z","ended_because":"refused","ended_by":"policy","ended_reason":"Your Slack account is a guest; only full members can use this.","state":"refused","state_at":"2026-11-22T02:10:00.001000Z"},"table":"request"}]}','4b5967078cd62aab5ad436299506bb15b0402dc44961a770a49c116bf3bf0112','c4aad5ab4f16b08544f38926be10be317273ee254af13672465e4cc02b08e846');
INSERT INTO "ledger" VALUES(4,'2026-11-22 02:10:00.001000','worker','AlertDelivered','4uncemjhdtjpbkc958es','{"channel":"C0SECURITY","notice":2,"ts":"1795313400.001002"}','c4aad5ab4f16b08544f38926be10be317273ee254af13672465e4cc02b08e846','32315f3dad0a2e3d6a7d996296251a5beea1f805b84c50425d9223a4936dfeef');
INSERT INTO "ledger" VALUES(5,'2026-11-22 02:10:00.002000','slack:T0ACME/U0ALAN','RequestOpened','quszf4v49x84np4aujn8','{"rows":[{"id":"quszf4v49x84np4aujn8","set":{"active_at":null,"asked_seconds":1800,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"quszf4v49x84np4aujn8","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"orders-db","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:10:00.002000Z","round":0,"slack_user":"U0ALAN","stage":0,"state":"deciding","state_at":"2026-11-22T02:10:00.002000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','32315f3dad0a2e3d6a7d996296251a5beea1f805b84c50425d9223a4936dfeef','600387075ee1af23e409a5eeb16ec26caecaa4b8149d4c686e63575a632f4914');
INSERT INTO "ledger" VALUES(6,'2026-11-22 02:10:00.002000','slack','PersonBound',NULL,'{"person":"T0ACME:U0ALAN","rows":[{"id":"T0ACME:U0ALAN","set":{"accept_asked_by":null,"bound_at":"2026-11-22T02:10:00.002000Z","email":"alan@example.com","frozen_at":null,"id":"T0ACME:U0ALAN","proposed_email":null,"slack_user":"U0ALAN","team":"T0ACME"},"table":"person"}]}','600387075ee1af23e409a5eeb16ec26caecaa4b8149d4c686e63575a632f4914','35262f1bae4dfe118afd0d1e43185ee460b265cd0a85bff0e33e3f7158525a49');
INSERT INTO "ledger" VALUES(7,'2026-11-22 02:10:00.002000','policy','Decided','quszf4v49x84np4aujn8','{"rows":[{"id":"quszf4v49x84np4aujn8","set":{"decision":{"because":["alan@example.com is in group engineering"],"facts":[{"at":"2026-11-22T02:10:00.002000Z","by":null,"fact":"group:engineering","since":null,"source":"settings","value":"true"}],"rule":"engineering","verdict":"approve"},"duration_seconds":1800,"email":"alan@example.com","max_seconds":14400,"name":"Alan Turing","over_limit":false,"policy_digest":"sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661","subjects":[["orders-db","alan"]]},"table":"request"}],"rule":"engineering","verdict":"approve"}','35262f1bae4dfe118afd0d1e43185ee460b265cd0a85bff0e33e3f7158525a49','cf71016a682bfb8784b1d46fde9db761e371e8c47f3f3e6a45fa1b6d30fc0cde');
INSERT INTO "ledger" VALUES(8,'2026-11-22 02:10:00.002000','policy','ApprovalAsked','quszf4v49x84np4aujn8','{"rows":[{"id":"quszf4v49x84np4aujn8","set":{"decide_by":"2026-11-22T02:20:00.002000Z","plan":[[{"by":["group:leads"],"count":1,"remind_seconds":240,"within_seconds":600}]],"stage":1,"state":"pending","state_at":"2026-11-22T02:10:00.002000Z","step":1,"step_at":"2026-11-22T02:10:00.002000Z"},"table":"request"}],"stage":1,"step":1}','cf71016a682bfb8784b1d46fde9db761e371e8c47f3f3e6a45fa1b6d30fc0cde','eba0bdc5f19906c99b39d9b17d407bde7d5ce3a8b4efe034030bc4f1c25a2953');
INSERT INTO "ledger" VALUES(9,'2026-11-22 02:10:00.002000','worker','AlertDelivered','quszf4v49x84np4aujn8','{"channel":"C0SECURITY","notice":4,"ts":"1795313400.002002"}','eba0bdc5f19906c99b39d9b17d407bde7d5ce3a8b4efe034030bc4f1c25a2953','304ef4f68323da2d0f788a442e524a1d5bbaa3fdccf155677b1346ad41b38d9c');
INSERT INTO "ledger" VALUES(10,'2026-11-22 02:10:00.002000','slack:T0ACME/U0HEIDI','Pressed','quszf4v49x84np4aujn8','{"kind":"deny","rows":[{"id":"yq4rb9sbrx22ag5zvnh6","set":{"at":"2026-11-22T02:10:00.002000Z","data":{"reason":"Not tonight."},"id":"yq4rb9sbrx22ag5zvnh6","judged_at":null,"kind":"deny","n":1,"outcome":null,"slack_user":"U0HEIDI","subject":"quszf4v49x84np4aujn8","team":"T0ACME"},"table":"press"}]}','304ef4f68323da2d0f788a442e524a1d5bbaa3fdccf155677b1346ad41b38d9c','f54002a7bebeb6aaf75bd0d18c10c1f98fe5f339e259e42a25910e95c15f8d9e');
INSERT INTO "ledger" VALUES(11,'2026-11-22 02:10:00.002000','slack','PersonBound',NULL,'{"person":"T0ACME:U0HEIDI","rows":[{"id":"T0ACME:U0HEIDI","set":{"accept_asked_by":null,"bound_at":"2026-11-22T02:10:00.002000Z","email":"heidi@example.com","frozen_at":null,"id":"T0ACME:U0HEIDI","proposed_email":null,"slack_user":"U0HEIDI","team":"T0ACME"},"table":"person"}]}','f54002a7bebeb6aaf75bd0d18c10c1f98fe5f339e259e42a25910e95c15f8d9e','377daeee1a0a1a4a8ae2ef82719510b009118cfab5def13d0e2b465124ed18ab');
INSERT INTO "ledger" VALUES(12,'2026-11-22 02:10:00.002000','heidi@example.com','Denied','quszf4v49x84np4aujn8','{"rows":[{"id":"yq4rb9sbrx22ag5zvnh6","set":{"judged_at":"2026-11-22T02:10:00.002000Z"},"table":"press"},{"id":"xw8scjjyryd8yttnxwvs","set":{"at":"2026-11-22T02:10:00.002000Z","email":"heidi@example.com","id":"xw8scjjyryd8yttnxwvs","note":"Not tonight.","principal":"group:leads","request_id":"quszf4v49x84np4aujn8","round":0,"slack_user":"U0HEIDI","stage":1,"step":1,"team":"T0ACME","verdict":"deny"},"table":"approval"}],"stage":1,"step":1}','377daeee1a0a1a4a8ae2ef82719510b009118cfab5def13d0e2b465124ed18ab','7aa88a89d4d40edb6b90f11278d13eb8d6692203043639f0f26d245196cead3f');
INSERT INTO "ledger" VALUES(13,'2026-11-22 02:10:00.002000','heidi@example.com','RequestDenied','quszf4v49x84np4aujn8','{"because":"denied","reason":"Not tonight.","rows":[{"id":"quszf4v49x84np4aujn8","set":{"ended_at":"2026-11-22T02:10:00.002000Z","ended_because":"denied","ended_by":"heidi@example.com","ended_reason":"Not tonight.","state":"denied","state_at":"2026-11-22T02:10:00.002000Z"},"table":"request"}]}','7aa88a89d4d40edb6b90f11278d13eb8d6692203043639f0f26d245196cead3f','c03bde5b8e873619743631adf87d8f3a800c524fbaab3221d0bd360fa4fb371d');
INSERT INTO "ledger" VALUES(14,'2026-11-22 02:10:00.002000','heidi@example.com','PressJudged','quszf4v49x84np4aujn8','{"kind":"deny","rows":[{"id":"yq4rb9sbrx22ag5zvnh6","set":{"outcome":"Denied."},"table":"press"}]}','c03bde5b8e873619743631adf87d8f3a800c524fbaab3221d0bd360fa4fb371d','405d0b6920f72eed090feed00793540db64dc03e16194fe5c5c29d31793520a2');
INSERT INTO "ledger" VALUES(15,'2026-11-22 02:10:00.002000','worker','AlertDelivered','quszf4v49x84np4aujn8','{"channel":"C0SECURITY","notice":11,"ts":"1795313400.002014"}','405d0b6920f72eed090feed00793540db64dc03e16194fe5c5c29d31793520a2','db3763320937079e7754caa6d7c5e57293325d6ce946292b9ff1ed2008409d95');
INSERT INTO "ledger" VALUES(16,'2026-11-22 02:10:00.003000','slack:T0ACME/U0ALAN','RequestOpened','wjqtt6sh675ujw97s8ca','{"rows":[{"id":"wjqtt6sh675ujw97s8ca","set":{"active_at":null,"asked_seconds":1800,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"wjqtt6sh675ujw97s8ca","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"orders-db","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:10:00.003000Z","round":0,"slack_user":"U0ALAN","stage":0,"state":"deciding","state_at":"2026-11-22T02:10:00.003000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','db3763320937079e7754caa6d7c5e57293325d6ce946292b9ff1ed2008409d95','9271d67b59713415386460f97c80d1314e4fedf6169b654b89fe0ae434b3383d');
INSERT INTO "ledger" VALUES(17,'2026-11-22 02:10:00.003000','policy','Decided','wjqtt6sh675ujw97s8ca','{"rows":[{"id":"wjqtt6sh675ujw97s8ca","set":{"decision":{"because":["alan@example.com is in group engineering"],"facts":[{"at":"2026-11-22T02:10:00.003000Z","by":null,"fact":"group:engineering","since":null,"source":"settings","value":"true"}],"rule":"engineering","verdict":"approve"},"duration_seconds":1800,"email":"alan@example.com","max_seconds":14400,"name":"Alan Turing","over_limit":false,"policy_digest":"sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661","subjects":[["orders-db","alan"]]},"table":"request"}],"rule":"engineering","verdict":"approve"}','9271d67b59713415386460f97c80d1314e4fedf6169b654b89fe0ae434b3383d','f817eb633476fb0f9790fc3bdd7c58f15bff03508033c0cadab429e723afee6b');
INSERT INTO "ledger" VALUES(18,'2026-11-22 02:10:00.003000','policy','ApprovalAsked','wjqtt6sh675ujw97s8ca','{"rows":[{"id":"wjqtt6sh675ujw97s8ca","set":{"decide_by":"2026-11-22T02:20:00.003000Z","plan":[[{"by":["group:leads"],"count":1,"remind_seconds":240,"within_seconds":600}]],"stage":1,"state":"pending","state_at":"2026-11-22T02:10:00.003000Z","step":1,"step_at":"2026-11-22T02:10:00.003000Z"},"table":"request"}],"stage":1,"step":1}','f817eb633476fb0f9790fc3bdd7c58f15bff03508033c0cadab429e723afee6b','c0a63b859b5edf19125548a13955b0cb613d63f5b875e1d25b67f3e022e030b5');
INSERT INTO "ledger" VALUES(19,'2026-11-22 02:10:00.003000','worker','AlertDelivered','wjqtt6sh675ujw97s8ca','{"channel":"C0SECURITY","notice":17,"ts":"1795313400.003002"}','c0a63b859b5edf19125548a13955b0cb613d63f5b875e1d25b67f3e022e030b5','4beaadb3ff039108ce29760139fa82fb1b996cf116f86067cc832438a73a1305');
INSERT INTO "ledger" VALUES(20,'2026-11-22 02:10:00.003000','slack:T0ACME/U0ALAN','Pressed','wjqtt6sh675ujw97s8ca','{"kind":"cancel","rows":[{"id":"39vst29wgrvcrfyq3e3e","set":{"at":"2026-11-22T02:10:00.003000Z","data":{"channel":"D0DM0ALAN"},"id":"39vst29wgrvcrfyq3e3e","judged_at":null,"kind":"cancel","n":1,"outcome":null,"slack_user":"U0ALAN","subject":"wjqtt6sh675ujw97s8ca","team":"T0ACME"},"table":"press"}]}','4beaadb3ff039108ce29760139fa82fb1b996cf116f86067cc832438a73a1305','ef49b5f45e5b9c606ab02b14c3f63e3112093ea08f66729f24ad7e3f8a932dc2');
INSERT INTO "ledger" VALUES(21,'2026-11-22 02:10:00.003000','alan@example.com','RequestCancelled','wjqtt6sh675ujw97s8ca','{"because":"cancelled","reason":null,"rows":[{"id":"39vst29wgrvcrfyq3e3e","set":{"judged_at":"2026-11-22T02:10:00.003000Z"},"table":"press"},{"id":"wjqtt6sh675ujw97s8ca","set":{"ended_at":"2026-11-22T02:10:00.003000Z","ended_because":"cancelled","ended_by":"alan@example.com","ended_reason":null,"state":"cancelled","state_at":"2026-11-22T02:10:00.003000Z"},"table":"request"}]}','ef49b5f45e5b9c606ab02b14c3f63e3112093ea08f66729f24ad7e3f8a932dc2','a3053223889d182d870f72ddbc7fc2188f11e0fb2996746f6dadcbcf57f1536e');
INSERT INTO "ledger" VALUES(22,'2026-11-22 02:10:00.003000','alan@example.com','PressJudged','wjqtt6sh675ujw97s8ca','{"kind":"cancel","rows":[{"id":"39vst29wgrvcrfyq3e3e","set":{"outcome":"Cancelled."},"table":"press"}]}','a3053223889d182d870f72ddbc7fc2188f11e0fb2996746f6dadcbcf57f1536e','bd7c4bf909edc158aca5008440c1138fcde1ad29d345dcba36fdd50f5ac0aee0');
INSERT INTO "ledger" VALUES(23,'2026-11-22 02:10:00.003000','worker','AlertDelivered','wjqtt6sh675ujw97s8ca','{"channel":"C0SECURITY","notice":24,"ts":"1795313400.003014"}','bd7c4bf909edc158aca5008440c1138fcde1ad29d345dcba36fdd50f5ac0aee0','1702044082e064f7f2bfef233b9ca78dd1199ceb01d1296992572e73071c0224');
INSERT INTO "ledger" VALUES(24,'2026-11-22 02:10:00.004000','slack:T0ACME/U0ALAN','RequestOpened','ksn53x9c6qvg8jjnd9sm','{"rows":[{"id":"ksn53x9c6qvg8jjnd9sm","set":{"active_at":null,"asked_seconds":1800,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"ksn53x9c6qvg8jjnd9sm","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"orders-db","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:10:00.004000Z","round":0,"slack_user":"U0ALAN","stage":0,"state":"deciding","state_at":"2026-11-22T02:10:00.004000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','1702044082e064f7f2bfef233b9ca78dd1199ceb01d1296992572e73071c0224','a0fa373dd0e76f075c1a36a0b0df820c020508b691c44e2ebe4f26243c0a51b6');
INSERT INTO "ledger" VALUES(25,'2026-11-22 02:10:00.004000','policy','Decided','ksn53x9c6qvg8jjnd9sm','{"rows":[{"id":"ksn53x9c6qvg8jjnd9sm","set":{"decision":{"because":["alan@example.com is in group engineering"],"facts":[{"at":"2026-11-22T02:10:00.004000Z","by":null,"fact":"group:engineering","since":null,"source":"settings","value":"true"}],"rule":"engineering","verdict":"approve"},"duration_seconds":1800,"email":"alan@example.com","max_seconds":14400,"name":"Alan Turing","over_limit":false,"policy_digest":"sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661","subjects":[["orders-db","alan"]]},"table":"request"}],"rule":"engineering","verdict":"approve"}','a0fa373dd0e76f075c1a36a0b0df820c020508b691c44e2ebe4f26243c0a51b6','e868853605df340b1406ca38789ba3725c6c0cbe4ede8b629dba7d5ec101b721');
INSERT INTO "ledger" VALUES(26,'2026-11-22 02:10:00.004000','policy','ApprovalAsked','ksn53x9c6qvg8jjnd9sm','{"rows":[{"id":"ksn53x9c6qvg8jjnd9sm","set":{"decide_by":"2026-11-22T02:20:00.004000Z","plan":[[{"by":["group:leads"],"count":1,"remind_seconds":240,"within_seconds":600}]],"stage":1,"state":"pending","state_at":"2026-11-22T02:10:00.004000Z","step":1,"step_at":"2026-11-22T02:10:00.004000Z"},"table":"request"}],"stage":1,"step":1}','e868853605df340b1406ca38789ba3725c6c0cbe4ede8b629dba7d5ec101b721','1847352d6c0275d0812daac4e65b55c34f2249382b3cd973ed1c63855c39a935');
INSERT INTO "ledger" VALUES(27,'2026-11-22 02:10:00.004000','worker','AlertDelivered','ksn53x9c6qvg8jjnd9sm','{"channel":"C0SECURITY","notice":30,"ts":"1795313400.004002"}','1847352d6c0275d0812daac4e65b55c34f2249382b3cd973ed1c63855c39a935','c2f2571994e2d8e5ac2842f38517b4363fabdc1dab1ac47841f70dc2571b97c5');
INSERT INTO "ledger" VALUES(28,'2026-11-22 02:14:00.004000','clock','Reminded','ksn53x9c6qvg8jjnd9sm','{"people":["grace@example.com","heidi@example.com"]}','c2f2571994e2d8e5ac2842f38517b4363fabdc1dab1ac47841f70dc2571b97c5','e038bcd8492aee0b29009d4f20009030ab50f208c3450cc513a8e3cb827a191b');
INSERT INTO "ledger" VALUES(29,'2026-11-22 02:20:00.004000','clock','RequestTimedOut','ksn53x9c6qvg8jjnd9sm','{"because":"timed_out","reason":"Nobody with the right to decide answered in time.","rows":[{"id":"ksn53x9c6qvg8jjnd9sm","set":{"ended_at":"2026-11-22T02:20:00.004000Z","ended_because":"timed_out","ended_by":"clock","ended_reason":"Nobody with the right to decide answered in time.","state":"timed_out","state_at":"2026-11-22T02:20:00.004000Z"},"table":"request"}]}','e038bcd8492aee0b29009d4f20009030ab50f208c3450cc513a8e3cb827a191b','673e7c8b4911cd0773fff7f08ae0259e103390ff5a5bcfcf3d0f1fbd3d5e47ac');
INSERT INTO "ledger" VALUES(30,'2026-11-22 02:20:00.004000','worker','AlertDelivered','ksn53x9c6qvg8jjnd9sm','{"channel":"C0SECURITY","notice":40,"ts":"1795314000.004006"}','673e7c8b4911cd0773fff7f08ae0259e103390ff5a5bcfcf3d0f1fbd3d5e47ac','e9a455f16a1af54e6b4526c8da36be024a45e3d12a7803892571fb745a9683d1');
INSERT INTO "ledger" VALUES(31,'2026-11-22 02:20:00.005000','slack:T0ACME/U0ADA','RequestOpened','fnpba89766zws5tarfst','{"rows":[{"id":"fnpba89766zws5tarfst","set":{"active_at":null,"asked_seconds":300,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"fnpba89766zws5tarfst","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"reading","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:20:00.005000Z","round":0,"slack_user":"U0ADA","stage":0,"state":"deciding","state_at":"2026-11-22T02:20:00.005000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','e9a455f16a1af54e6b4526c8da36be024a45e3d12a7803892571fb745a9683d1','703e69b09e1d0095eb3efd78956fb6068d53702f9d7ca45737618246d37ba4e6');
INSERT INTO "ledger" VALUES(32,'2026-11-22 02:20:00.005000','slack','PersonBound',NULL,'{"person":"T0ACME:U0ADA","rows":[{"id":"T0ACME:U0ADA","set":{"accept_asked_by":null,"bound_at":"2026-11-22T02:20:00.005000Z","email":"ada@example.com","frozen_at":null,"id":"T0ACME:U0ADA","proposed_email":null,"slack_user":"U0ADA","team":"T0ACME"},"table":"person"}]}','703e69b09e1d0095eb3efd78956fb6068d53702f9d7ca45737618246d37ba4e6','c80d1cf81998f19cc3d95b652e0f0863203b632db08c189f613972b00a0d875a');
INSERT INTO "ledger" VALUES(33,'2026-11-22 02:20:00.005000','policy','Decided','fnpba89766zws5tarfst','{"rule":"engineering","verdict":"grant"}','c80d1cf81998f19cc3d95b652e0f0863203b632db08c189f613972b00a0d875a','f02e9083ed343d185581be9b14843a06d88ddd16892d2136bda2ea01289c0ee9');
INSERT INTO "ledger" VALUES(34,'2026-11-22 02:20:00.005000','policy','GrantPlanned','fnpba89766zws5tarfst','{"rows":[{"id":"fnpba89766zws5tarfst","set":{"confirm_by":null,"confirm_due":null,"decide_by":null,"decision":{"because":["ada@example.com is in group engineering"],"facts":[{"at":"2026-11-22T02:20:00.005000Z","by":null,"fact":"group:engineering","since":null,"source":"settings","value":"true"}],"rule":"engineering","verdict":"grant"},"duration_seconds":300,"email":"ada@example.com","ends_at":"2026-11-22T02:25:00.005000Z","granted_at":"2026-11-22T02:20:00.005000Z","max_seconds":14400,"name":"Ada Lovelace","over_limit":false,"plan":null,"policy_digest":"sha256:3625bf26d8ca92ec565d105f5b69d56c5b79ba1beddd90aab2af492943eeade5","state":"granting","state_at":"2026-11-22T02:20:00.005000Z","subjects":[["orders-db","ada"]]},"table":"request"},{"id":"e8895mztk9vtegs8u7nm","set":{"access":{"role":"incident_reader"},"already_had":false,"connector":"orders-db","ends_at":"2026-11-22T02:25:00.005000Z","expiry":"worker","granted_at":null,"hold_id":"f98312541302ad6eef2ccb3680156451","id":"e8895mztk9vtegs8u7nm","left_because":null,"left_behind":null,"n":0,"planned_at":"2026-11-22T02:20:00.005000Z","receipt":null,"request_id":"fnpba89766zws5tarfst","revoke_verified_at":null,"revoked_at":null,"sessions":null,"state":"planned","subject":"ada","verified_at":null},"table":"grant"}],"rule":"engineering"}','f02e9083ed343d185581be9b14843a06d88ddd16892d2136bda2ea01289c0ee9','764de3500356fb0f9904fd61986aee0ce32f588a46872877bb6ed1dba9a5282f');
INSERT INTO "ledger" VALUES(35,'2026-11-22 02:20:00.005000','worker','GrantBegun','fnpba89766zws5tarfst','{"grant":"e8895mztk9vtegs8u7nm","rows":[{"id":"e8895mztk9vtegs8u7nm","set":{"state":"granting"},"table":"grant"}]}','764de3500356fb0f9904fd61986aee0ce32f588a46872877bb6ed1dba9a5282f','3353b9146bec68b2d1f11ac17e3a262e52084295a6b1d6763bcd73c16f909d3e');
INSERT INTO "ledger" VALUES(36,'2026-11-22 02:20:00.005000','worker','GrantVerified','fnpba89766zws5tarfst','{"grant":"e8895mztk9vtegs8u7nm","rows":[{"id":"e8895mztk9vtegs8u7nm","set":{"granted_at":"2026-11-22T02:20:00.005000Z","receipt":{"role_oid":16391,"subject_oid":16385,"xid":771},"state":"active","verified_at":"2026-11-22T02:20:00.005000Z"},"table":"grant"}]}','3353b9146bec68b2d1f11ac17e3a262e52084295a6b1d6763bcd73c16f909d3e','d58623d31475354c28e40aed691cec6b38c9e6e0d2b17f297993da66cda0d5cc');
INSERT INTO "ledger" VALUES(37,'2026-11-22 02:20:00.005000','worker','RequestActive','fnpba89766zws5tarfst','{"rows":[{"id":"fnpba89766zws5tarfst","set":{"active_at":"2026-11-22T02:20:00.005000Z","state":"active","state_at":"2026-11-22T02:20:00.005000Z"},"table":"request"}]}','d58623d31475354c28e40aed691cec6b38c9e6e0d2b17f297993da66cda0d5cc','5023f4ead41fb325c3c190da0af0f94518952cd733cacb3218cf2b3f6ef0c61a');
INSERT INTO "ledger" VALUES(38,'2026-11-22 02:20:00.005000','worker','AlertDelivered','fnpba89766zws5tarfst','{"channel":"C0SECURITY","notice":45,"ts":"1795314000.005002"}','5023f4ead41fb325c3c190da0af0f94518952cd733cacb3218cf2b3f6ef0c61a','46db0b0da97d4e8f0937db7257c86a74e3aa90183fa144d0cde246c4ff69e816');
INSERT INTO "ledger" VALUES(39,'2026-11-22 02:25:00.005000','clock','EndBegun','fnpba89766zws5tarfst','{"because":"expired","reason":null,"rows":[{"id":"fnpba89766zws5tarfst","set":{"decide_by":null,"ended_because":"expired","ended_by":"clock","ended_reason":null,"plan":null,"state":"revoking","state_at":"2026-11-22T02:25:00.005000Z"},"table":"request"},{"id":"e8895mztk9vtegs8u7nm","set":{"state":"revoking"},"table":"grant"}]}','46db0b0da97d4e8f0937db7257c86a74e3aa90183fa144d0cde246c4ff69e816','c80d8c48687b3cdb51cb7ecd3ebb797fbbfc765656324415cc9e65bb20686f9c');
INSERT INTO "ledger" VALUES(40,'2026-11-22 02:25:00.005000','worker','GrantRevoked','fnpba89766zws5tarfst','{"grant":"e8895mztk9vtegs8u7nm","rows":[{"id":"e8895mztk9vtegs8u7nm","set":{"left_behind":[],"revoke_verified_at":"2026-11-22T02:25:00.005000Z","revoked_at":"2026-11-22T02:25:00.005000Z","sessions":"none","state":"revoked"},"table":"grant"}]}','c80d8c48687b3cdb51cb7ecd3ebb797fbbfc765656324415cc9e65bb20686f9c','75ecb621861e3ba2ecab241d971d2f1d765256bdec0e67c4e8786be986725d35');
INSERT INTO "ledger" VALUES(41,'2026-11-22 02:25:00.005000','worker','RequestEnded','fnpba89766zws5tarfst','{"because":"expired","rows":[{"id":"fnpba89766zws5tarfst","set":{"ended_at":"2026-11-22T02:25:00.005000Z","state":"revoked","state_at":"2026-11-22T02:25:00.005000Z"},"table":"request"}]}','75ecb621861e3ba2ecab241d971d2f1d765256bdec0e67c4e8786be986725d35','a02b3b41504515f7f6a504569c65d4b868b5191e4feb90fdaf1b5c7ceca91325');
INSERT INTO "ledger" VALUES(42,'2026-11-22 02:25:00.005000','worker','AlertDelivered','fnpba89766zws5tarfst','{"channel":"C0SECURITY","notice":49,"ts":"1795314300.005003"}','a02b3b41504515f7f6a504569c65d4b868b5191e4feb90fdaf1b5c7ceca91325','c472bd5d035903e30c588407ade1aa5729c6218e27b2c5e11bad511691ce5c70');
INSERT INTO "ledger" VALUES(43,'2026-11-22 02:25:00.006000','slack:T0ACME/U0HEIDI','RequestOpened','r9ptkdpsgszsnx9scrfp','{"rows":[{"id":"r9ptkdpsgszsnx9scrfp","set":{"active_at":null,"asked_seconds":1800,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"r9ptkdpsgszsnx9scrfp","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"reading","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:25:00.006000Z","round":0,"slack_user":"U0HEIDI","stage":0,"state":"deciding","state_at":"2026-11-22T02:25:00.006000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','c472bd5d035903e30c588407ade1aa5729c6218e27b2c5e11bad511691ce5c70','a375fbd8a75748010cc91d9ba62cf06c44d47d746a18b1a2be8d3143de294b3d');
INSERT INTO "ledger" VALUES(44,'2026-11-22 02:25:00.006000','policy','Decided','r9ptkdpsgszsnx9scrfp','{"rule":"engineering","verdict":"grant"}','a375fbd8a75748010cc91d9ba62cf06c44d47d746a18b1a2be8d3143de294b3d','5561ea8846b7a235d786bbff4fc82d7f41a0813468f22be375213a0165cd521e');
INSERT INTO "ledger" VALUES(45,'2026-11-22 02:25:00.006000','policy','GrantPlanned','r9ptkdpsgszsnx9scrfp','{"rows":[{"id":"r9ptkdpsgszsnx9scrfp","set":{"confirm_by":null,"confirm_due":null,"decide_by":null,"decision":{"because":["heidi@example.com is in group engineering"],"facts":[{"at":"2026-11-22T02:25:00.006000Z","by":null,"fact":"group:engineering","since":null,"source":"settings","value":"true"}],"rule":"engineering","verdict":"grant"},"duration_seconds":1800,"email":"heidi@example.com","ends_at":"2026-11-22T02:55:00.006000Z","granted_at":"2026-11-22T02:25:00.006000Z","max_seconds":14400,"name":"Heidi Lamarr","over_limit":false,"plan":null,"policy_digest":"sha256:3625bf26d8ca92ec565d105f5b69d56c5b79ba1beddd90aab2af492943eeade5","state":"granting","state_at":"2026-11-22T02:25:00.006000Z","subjects":[["orders-db","heidi"]]},"table":"request"},{"id":"44mumqxxvsturdwm8e3w","set":{"access":{"role":"incident_reader"},"already_had":false,"connector":"orders-db","ends_at":"2026-11-22T02:55:00.006000Z","expiry":"worker","granted_at":null,"hold_id":"c7addbe89c05f74e3b21a19ba0ee0e12","id":"44mumqxxvsturdwm8e3w","left_because":null,"left_behind":null,"n":0,"planned_at":"2026-11-22T02:25:00.006000Z","receipt":null,"request_id":"r9ptkdpsgszsnx9scrfp","revoke_verified_at":null,"revoked_at":null,"sessions":null,"state":"planned","subject":"heidi","verified_at":null},"table":"grant"}],"rule":"engineering"}','5561ea8846b7a235d786bbff4fc82d7f41a0813468f22be375213a0165cd521e','2957955575e1b0f9c5f4bdddb76659b6a15439aefdae7bfb59ef9b4b43c2080c');
INSERT INTO "ledger" VALUES(46,'2026-11-22 02:31:00.006000','worker','EndBegun','r9ptkdpsgszsnx9scrfp','{"because":"failed","reason":"orders-db could not give it within 5 minutes.","rows":[{"id":"44mumqxxvsturdwm8e3w","set":{"state":"failed"},"table":"grant"},{"id":"r9ptkdpsgszsnx9scrfp","set":{"decide_by":null,"ended_at":"2026-11-22T02:31:00.006000Z","ended_because":"failed","ended_by":"worker","ended_reason":"orders-db could not give it within 5 minutes.","plan":null,"state":"failed","state_at":"2026-11-22T02:31:00.006000Z"},"table":"request"}]}','2957955575e1b0f9c5f4bdddb76659b6a15439aefdae7bfb59ef9b4b43c2080c','e33162f26fde3b3cec0ab505fdf21eca21fb889fd7ee478a74dbba54250363ba');
INSERT INTO "ledger" VALUES(47,'2026-11-22 02:31:00.006000','worker','AlertDelivered','r9ptkdpsgszsnx9scrfp','{"channel":"C0SECURITY","notice":51,"ts":"1795314660.006001"}','e33162f26fde3b3cec0ab505fdf21eca21fb889fd7ee478a74dbba54250363ba','9510941b039425aec5d191abfe97923a846fd4898e945b914e733bd1998d0607');
INSERT INTO "ledger" VALUES(48,'2026-11-22 02:31:00.007000','slack:T0ACME/U0GRACE','RequestOpened','trxeczt9v8ker6c4947c','{"rows":[{"id":"trxeczt9v8ker6c4947c","set":{"active_at":null,"asked_seconds":300,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"trxeczt9v8ker6c4947c","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"reading","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:31:00.007000Z","round":0,"slack_user":"U0GRACE","stage":0,"state":"deciding","state_at":"2026-11-22T02:31:00.007000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','9510941b039425aec5d191abfe97923a846fd4898e945b914e733bd1998d0607','0c194244cc7b1dafd06d0388f1ea17238e26ab442a1c1b9227ceb6b138583bae');
INSERT INTO "ledger" VALUES(49,'2026-11-22 02:31:00.007000','slack','PersonBound',NULL,'{"person":"T0ACME:U0GRACE","rows":[{"id":"T0ACME:U0GRACE","set":{"accept_asked_by":null,"bound_at":"2026-11-22T02:31:00.007000Z","email":"grace@example.com","frozen_at":null,"id":"T0ACME:U0GRACE","proposed_email":null,"slack_user":"U0GRACE","team":"T0ACME"},"table":"person"}]}','0c194244cc7b1dafd06d0388f1ea17238e26ab442a1c1b9227ceb6b138583bae','9038d6256fdb63b78f1f54963aeb793e7ec6f9df9bd181c532b8abfbcf80a525');
INSERT INTO "ledger" VALUES(50,'2026-11-22 02:31:00.007000','policy','Decided','trxeczt9v8ker6c4947c','{"rule":"engineering","verdict":"grant"}','9038d6256fdb63b78f1f54963aeb793e7ec6f9df9bd181c532b8abfbcf80a525','0fcd16f0260fb2aa47665278a2aaccb239214b409a9ac2ee9fac4799defd59da');
INSERT INTO "ledger" VALUES(51,'2026-11-22 02:31:00.007000','policy','GrantPlanned','trxeczt9v8ker6c4947c','{"rows":[{"id":"trxeczt9v8ker6c4947c","set":{"confirm_by":null,"confirm_due":null,"decide_by":null,"decision":{"because":["grace@example.com is in group engineering"],"facts":[{"at":"2026-11-22T02:31:00.007000Z","by":null,"fact":"group:engineering","since":null,"source":"settings","value":"true"}],"rule":"engineering","verdict":"grant"},"duration_seconds":300,"email":"grace@example.com","ends_at":"2026-11-22T02:36:00.007000Z","granted_at":"2026-11-22T02:31:00.007000Z","max_seconds":14400,"name":"Grace Hopper","over_limit":false,"plan":null,"policy_digest":"sha256:3625bf26d8ca92ec565d105f5b69d56c5b79ba1beddd90aab2af492943eeade5","state":"granting","state_at":"2026-11-22T02:31:00.007000Z","subjects":[["orders-db","grace"]]},"table":"request"},{"id":"u2un4mattkw4a7rxu3pz","set":{"access":{"role":"incident_reader"},"already_had":false,"connector":"orders-db","ends_at":"2026-11-22T02:36:00.007000Z","expiry":"worker","granted_at":null,"hold_id":"6cbc43d880ffa191495034252cb3ba26","id":"u2un4mattkw4a7rxu3pz","left_because":null,"left_behind":null,"n":0,"planned_at":"2026-11-22T02:31:00.007000Z","receipt":null,"request_id":"trxeczt9v8ker6c4947c","revoke_verified_at":null,"revoked_at":null,"sessions":null,"state":"planned","subject":"grace","verified_at":null},"table":"grant"}],"rule":"engineering"}','0fcd16f0260fb2aa47665278a2aaccb239214b409a9ac2ee9fac4799defd59da','de6c29954f01ad280e2ed63da36a9b59b54b2189537b2005789e31a8c689188a');
INSERT INTO "ledger" VALUES(52,'2026-11-22 02:31:00.007000','worker','GrantBegun','trxeczt9v8ker6c4947c','{"grant":"u2un4mattkw4a7rxu3pz","rows":[{"id":"u2un4mattkw4a7rxu3pz","set":{"state":"granting"},"table":"grant"}]}','de6c29954f01ad280e2ed63da36a9b59b54b2189537b2005789e31a8c689188a','d74664ef14d60446332f09ff84405b694db864495a094d2fd76487922dccf2a1');
INSERT INTO "ledger" VALUES(53,'2026-11-22 02:31:00.007000','worker','GrantVerified','trxeczt9v8ker6c4947c','{"grant":"u2un4mattkw4a7rxu3pz","rows":[{"id":"u2un4mattkw4a7rxu3pz","set":{"granted_at":"2026-11-22T02:31:00.007000Z","receipt":{"role_oid":16391,"subject_oid":16387,"xid":773},"state":"active","verified_at":"2026-11-22T02:31:00.007000Z"},"table":"grant"}]}','d74664ef14d60446332f09ff84405b694db864495a094d2fd76487922dccf2a1','99877b55b02a12a66eb655cc49a841c24b1d7b9d80d19cf315f1468387127c72');
INSERT INTO "ledger" VALUES(54,'2026-11-22 02:31:00.007000','worker','RequestActive','trxeczt9v8ker6c4947c','{"rows":[{"id":"trxeczt9v8ker6c4947c","set":{"active_at":"2026-11-22T02:31:00.007000Z","state":"active","state_at":"2026-11-22T02:31:00.007000Z"},"table":"request"}]}','99877b55b02a12a66eb655cc49a841c24b1d7b9d80d19cf315f1468387127c72','0962f81074adde48bdcf4a4f9fdca2f7ee25878112e226db0c7a3550085f0ac5');
INSERT INTO "ledger" VALUES(55,'2026-11-22 02:31:00.007000','worker','AlertDelivered','trxeczt9v8ker6c4947c','{"channel":"C0SECURITY","notice":53,"ts":"1795314660.007002"}','0962f81074adde48bdcf4a4f9fdca2f7ee25878112e226db0c7a3550085f0ac5','816cfc83ce10cb7c0d71d55cca47feed5d5671b2d967c48b6e29bdbf019abdb4');
INSERT INTO "ledger" VALUES(56,'2026-11-22 02:35:00.008000','slack:T0ACME/U0ADA','RequestOpened','n92e4zhu54n8hev7qn2v','{"rows":[{"id":"n92e4zhu54n8hev7qn2v","set":{"active_at":null,"asked_seconds":14400,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"n92e4zhu54n8hev7qn2v","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"orders-db","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:35:00.008000Z","round":0,"slack_user":"U0ADA","stage":0,"state":"deciding","state_at":"2026-11-22T02:35:00.008000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','816cfc83ce10cb7c0d71d55cca47feed5d5671b2d967c48b6e29bdbf019abdb4','cfdb7d6ccf8ab586a36fd45e4759bcd4c8e1a2304262bdb98bd40739a07aea58');
INSERT INTO "ledger" VALUES(57,'2026-11-22 02:35:00.008000','policy','Decided','n92e4zhu54n8hev7qn2v','{"rule":"on call","verdict":"grant"}','cfdb7d6ccf8ab586a36fd45e4759bcd4c8e1a2304262bdb98bd40739a07aea58','cde4d9c915f34295300da042fe1754d3712d6320e8135191fcd3238b70831a23');
INSERT INTO "ledger" VALUES(58,'2026-11-22 02:35:00.008000','policy','GrantPlanned','n92e4zhu54n8hev7qn2v','{"rows":[{"id":"n92e4zhu54n8hev7qn2v","set":{"confirm_by":null,"confirm_due":null,"decide_by":null,"decision":{"because":["ada@example.com is on call in sre-primary at level 1"],"facts":[{"at":"2026-11-22T02:35:00.008000Z","by":null,"fact":"on_call:sre-primary","since":null,"source":"settings","value":"true"}],"rule":"on call","verdict":"grant"},"duration_seconds":14400,"email":"ada@example.com","ends_at":"2026-11-22T06:35:00.008000Z","granted_at":"2026-11-22T02:35:00.008000Z","max_seconds":14400,"name":"Ada Lovelace","over_limit":false,"plan":null,"policy_digest":"sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661","state":"granting","state_at":"2026-11-22T02:35:00.008000Z","subjects":[["orders-db","ada"]]},"table":"request"},{"id":"kwd6jxjt5sfqjv5m9swt","set":{"access":{"role":"incident_writer"},"already_had":false,"connector":"orders-db","ends_at":"2026-11-22T06:35:00.008000Z","expiry":"worker","granted_at":null,"hold_id":"66d9953b2b2839cff1b40197b6120132","id":"kwd6jxjt5sfqjv5m9swt","left_because":null,"left_behind":null,"n":0,"planned_at":"2026-11-22T02:35:00.008000Z","receipt":null,"request_id":"n92e4zhu54n8hev7qn2v","revoke_verified_at":null,"revoked_at":null,"sessions":null,"state":"planned","subject":"ada","verified_at":null},"table":"grant"}],"rule":"on call"}','cde4d9c915f34295300da042fe1754d3712d6320e8135191fcd3238b70831a23','2d556b25704b07296a2c89da8bb137cee7fe7dab35f284766f658f4dfb7208ab');
INSERT INTO "ledger" VALUES(59,'2026-11-22 02:35:00.008000','worker','GrantBegun','n92e4zhu54n8hev7qn2v','{"grant":"kwd6jxjt5sfqjv5m9swt","rows":[{"id":"kwd6jxjt5sfqjv5m9swt","set":{"state":"granting"},"table":"grant"}]}','2d556b25704b07296a2c89da8bb137cee7fe7dab35f284766f658f4dfb7208ab','98cb99415afb1e54fba29a5d0ea87b21d7e41189c8a1120e22e6985ea4a9caab');
INSERT INTO "ledger" VALUES(60,'2026-11-22 02:35:00.008000','worker','GrantVerified','n92e4zhu54n8hev7qn2v','{"grant":"kwd6jxjt5sfqjv5m9swt","rows":[{"id":"kwd6jxjt5sfqjv5m9swt","set":{"granted_at":"2026-11-22T02:35:00.008000Z","receipt":{"role_oid":16392,"subject_oid":16385,"xid":774},"state":"active","verified_at":"2026-11-22T02:35:00.008000Z"},"table":"grant"}]}','98cb99415afb1e54fba29a5d0ea87b21d7e41189c8a1120e22e6985ea4a9caab','def8d5c1e9b376d8b2b34603adc14f50c8fc896c76d3e2fd0348ee4ff181b1b8');
INSERT INTO "ledger" VALUES(61,'2026-11-22 02:35:00.008000','worker','RequestActive','n92e4zhu54n8hev7qn2v','{"rows":[{"id":"n92e4zhu54n8hev7qn2v","set":{"active_at":"2026-11-22T02:35:00.008000Z","state":"active","state_at":"2026-11-22T02:35:00.008000Z"},"table":"request"}]}','def8d5c1e9b376d8b2b34603adc14f50c8fc896c76d3e2fd0348ee4ff181b1b8','c33458d9dcbf8de1de109b05b29b3437cfd48c20680681f2daa9330ed0e5fca7');
INSERT INTO "ledger" VALUES(62,'2026-11-22 02:35:00.008000','worker','AlertDelivered','n92e4zhu54n8hev7qn2v','{"channel":"C0SECURITY","notice":55,"ts":"1795314900.008002"}','c33458d9dcbf8de1de109b05b29b3437cfd48c20680681f2daa9330ed0e5fca7','a6f5eee474948234e929ad7a25f305cc1788b1f37a2e7c84519640531c6bfdbb');
INSERT INTO "ledger" VALUES(63,'2026-11-22 02:35:00.009000','slack:T0ACME/U0ALAN','RequestOpened','zmq5tj4gt4a55a475pej','{"rows":[{"id":"zmq5tj4gt4a55a475pej","set":{"active_at":null,"asked_seconds":7200,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"zmq5tj4gt4a55a475pej","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"orders-db","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:35:00.009000Z","round":0,"slack_user":"U0ALAN","stage":0,"state":"deciding","state_at":"2026-11-22T02:35:00.009000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','a6f5eee474948234e929ad7a25f305cc1788b1f37a2e7c84519640531c6bfdbb','a8878326e802df0aa85fda6e880d68a70ff57ecabf5350d6bbd9957191418f8a');
INSERT INTO "ledger" VALUES(64,'2026-11-22 02:35:00.009000','policy','Decided','zmq5tj4gt4a55a475pej','{"rows":[{"id":"zmq5tj4gt4a55a475pej","set":{"decision":{"because":["alan@example.com is in group engineering"],"facts":[{"at":"2026-11-22T02:35:00.009000Z","by":null,"fact":"group:engineering","since":null,"source":"settings","value":"true"}],"rule":"engineering","verdict":"approve"},"duration_seconds":7200,"email":"alan@example.com","max_seconds":14400,"name":"Alan Turing","over_limit":false,"policy_digest":"sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661","subjects":[["orders-db","alan"]]},"table":"request"}],"rule":"engineering","verdict":"approve"}','a8878326e802df0aa85fda6e880d68a70ff57ecabf5350d6bbd9957191418f8a','8491eae91349a15fe7b50c5c14912b7b3df356cbc671eef6a9aa46715320ffc7');
INSERT INTO "ledger" VALUES(65,'2026-11-22 02:35:00.009000','policy','ApprovalAsked','zmq5tj4gt4a55a475pej','{"rows":[{"id":"zmq5tj4gt4a55a475pej","set":{"decide_by":"2026-11-22T02:45:00.009000Z","plan":[[{"by":["group:leads"],"count":1,"remind_seconds":240,"within_seconds":600}]],"stage":1,"state":"pending","state_at":"2026-11-22T02:35:00.009000Z","step":1,"step_at":"2026-11-22T02:35:00.009000Z"},"table":"request"}],"stage":1,"step":1}','8491eae91349a15fe7b50c5c14912b7b3df356cbc671eef6a9aa46715320ffc7','8eb2d4e3148d3f2c61e93dd3d392d194f0255a43f605207e41667a43539a964c');
INSERT INTO "ledger" VALUES(66,'2026-11-22 02:35:00.009000','worker','AlertDelivered','zmq5tj4gt4a55a475pej','{"channel":"C0SECURITY","notice":57,"ts":"1795314900.009002"}','8eb2d4e3148d3f2c61e93dd3d392d194f0255a43f605207e41667a43539a964c','27186df5e736bfb5bd9c540c3a00e85842041fc676568f1fd0a9522f1609e842');
INSERT INTO "ledger" VALUES(67,'2026-11-22 02:36:00.010000','slack:T0ACME/U0HEIDI','RequestOpened','a8dvm6fr2nkwyepmafd8','{"rows":[{"id":"a8dvm6fr2nkwyepmafd8","set":{"active_at":null,"asked_seconds":3600,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"a8dvm6fr2nkwyepmafd8","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"reading","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:36:00.010000Z","round":0,"slack_user":"U0HEIDI","stage":0,"state":"deciding","state_at":"2026-11-22T02:36:00.010000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','27186df5e736bfb5bd9c540c3a00e85842041fc676568f1fd0a9522f1609e842','d28d77106cd6bd3de480ea370c66470af59e1ce770829b2b597682bc5e9659eb');
INSERT INTO "ledger" VALUES(68,'2026-11-22 02:36:00.010000','policy','Decided','a8dvm6fr2nkwyepmafd8','{"rule":"engineering","verdict":"grant"}','d28d77106cd6bd3de480ea370c66470af59e1ce770829b2b597682bc5e9659eb','5aa500c8a30c998eb9307966f11b826e8f66b18fe85ee58a587773aefccc9e0e');
INSERT INTO "ledger" VALUES(69,'2026-11-22 02:36:00.010000','policy','GrantPlanned','a8dvm6fr2nkwyepmafd8','{"rows":[{"id":"a8dvm6fr2nkwyepmafd8","set":{"confirm_by":null,"confirm_due":null,"decide_by":null,"decision":{"because":["heidi@example.com is in group engineering"],"facts":[{"at":"2026-11-22T02:36:00.010000Z","by":null,"fact":"group:engineering","since":null,"source":"settings","value":"true"}],"rule":"engineering","verdict":"grant"},"duration_seconds":3600,"email":"heidi@example.com","ends_at":"2026-11-22T03:36:00.010000Z","granted_at":"2026-11-22T02:36:00.010000Z","max_seconds":14400,"name":"Heidi Lamarr","over_limit":false,"plan":null,"policy_digest":"sha256:3625bf26d8ca92ec565d105f5b69d56c5b79ba1beddd90aab2af492943eeade5","state":"granting","state_at":"2026-11-22T02:36:00.010000Z","subjects":[["orders-db","heidi"]]},"table":"request"},{"id":"48rub44swwnun4sdec9y","set":{"access":{"role":"incident_reader"},"already_had":false,"connector":"orders-db","ends_at":"2026-11-22T03:36:00.010000Z","expiry":"worker","granted_at":null,"hold_id":"c7addbe89c05f74e3b21a19ba0ee0e12","id":"48rub44swwnun4sdec9y","left_because":null,"left_behind":null,"n":0,"planned_at":"2026-11-22T02:36:00.010000Z","receipt":null,"request_id":"a8dvm6fr2nkwyepmafd8","revoke_verified_at":null,"revoked_at":null,"sessions":null,"state":"planned","subject":"heidi","verified_at":null},"table":"grant"}],"rule":"engineering"}','5aa500c8a30c998eb9307966f11b826e8f66b18fe85ee58a587773aefccc9e0e','ded90d14a78966a5a21d3a7f3b6184af01da07334999f06810e365a95c7c6e37');
INSERT INTO "ledger" VALUES(70,'2026-11-22 02:36:00.010000','clock','EndBegun','trxeczt9v8ker6c4947c','{"because":"expired","reason":null,"rows":[{"id":"trxeczt9v8ker6c4947c","set":{"decide_by":null,"ended_because":"expired","ended_by":"clock","ended_reason":null,"plan":null,"state":"revoking","state_at":"2026-11-22T02:36:00.010000Z"},"table":"request"},{"id":"u2un4mattkw4a7rxu3pz","set":{"state":"revoking"},"table":"grant"}]}','ded90d14a78966a5a21d3a7f3b6184af01da07334999f06810e365a95c7c6e37','64d8010ec0b9afef7cb4391373d75a2f0e32dcdf978bdd154c6136d0c876ba01');
INSERT INTO "ledger" VALUES(71,'2026-11-22 02:36:00.010000','worker','RevokeAttemptFailed','trxeczt9v8ker6c4947c','{"error":"orders-db has no database of the DSN''s name, or the bot may not connect to it","grant":"u2un4mattkw4a7rxu3pz"}','64d8010ec0b9afef7cb4391373d75a2f0e32dcdf978bdd154c6136d0c876ba01','45e728b93571f0fcb9e2ce7267ca4418766f9bbed502ad384edfe75576aab6e7');
INSERT INTO "ledger" VALUES(72,'2026-11-22 02:36:00.011000','slack:T0ACME/U0ADA','RequestOpened','hhndd6mru4mg8myf5jd2','{"rows":[{"id":"hhndd6mru4mg8myf5jd2","set":{"active_at":null,"asked_seconds":1800,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"hhndd6mru4mg8myf5jd2","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"reading","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:36:00.011000Z","round":0,"slack_user":"U0ADA","stage":0,"state":"deciding","state_at":"2026-11-22T02:36:00.011000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','45e728b93571f0fcb9e2ce7267ca4418766f9bbed502ad384edfe75576aab6e7','d0471fca9df79680260871c3d83a07f05d13c84c3f91097524104c51e4d7bc32');
CREATE TABLE ledger_head (
	id INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	hash VARCHAR NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "ledger_head" VALUES(1,72,'d0471fca9df79680260871c3d83a07f05d13c84c3f91097524104c51e4d7bc32');
CREATE TABLE message (
	slot VARCHAR NOT NULL, 
	channel VARCHAR NOT NULL, 
	ts VARCHAR NOT NULL, 
	PRIMARY KEY (slot)
);
INSERT INTO "message" VALUES('status:4uncemjhdtjpbkc958es','D0DMMALLORY','1795313400.001001');
INSERT INTO "message" VALUES('card:4uncemjhdtjpbkc958es:C0SECURITY','C0SECURITY','1795313400.001002');
INSERT INTO "message" VALUES('status:quszf4v49x84np4aujn8','D0DM0ALAN','1795313400.002001');
INSERT INTO "message" VALUES('card:quszf4v49x84np4aujn8:C0SECURITY','C0SECURITY','1795313400.002002');
INSERT INTO "message" VALUES('ask:quszf4v49x84np4aujn8:0:C0APPROVALS','C0APPROVALS','1795313400.002003');
INSERT INTO "message" VALUES('ask:quszf4v49x84np4aujn8:0:to:grace@example.com','D0DMGRACE','1795313400.002004');
INSERT INTO "message" VALUES('ask:quszf4v49x84np4aujn8:0:to:heidi@example.com','D0DMHEIDI','1795313400.002005');
INSERT INTO "message" VALUES('status:wjqtt6sh675ujw97s8ca','D0DM0ALAN','1795313400.003001');
INSERT INTO "message" VALUES('card:wjqtt6sh675ujw97s8ca:C0SECURITY','C0SECURITY','1795313400.003002');
INSERT INTO "message" VALUES('ask:wjqtt6sh675ujw97s8ca:0:C0APPROVALS','C0APPROVALS','1795313400.003003');
INSERT INTO "message" VALUES('ask:wjqtt6sh675ujw97s8ca:0:to:grace@example.com','D0DMGRACE','1795313400.003004');
INSERT INTO "message" VALUES('ask:wjqtt6sh675ujw97s8ca:0:to:heidi@example.com','D0DMHEIDI','1795313400.003005');
INSERT INTO "message" VALUES('status:ksn53x9c6qvg8jjnd9sm','D0DM0ALAN','1795313400.004001');
INSERT INTO "message" VALUES('card:ksn53x9c6qvg8jjnd9sm:C0SECURITY','C0SECURITY','1795313400.004002');
INSERT INTO "message" VALUES('ask:ksn53x9c6qvg8jjnd9sm:0:C0APPROVALS','C0APPROVALS','1795313400.004003');
INSERT INTO "message" VALUES('ask:ksn53x9c6qvg8jjnd9sm:0:to:grace@example.com','D0DMGRACE','1795313400.004004');
INSERT INTO "message" VALUES('ask:ksn53x9c6qvg8jjnd9sm:0:to:heidi@example.com','D0DMHEIDI','1795313400.004005');
INSERT INTO "message" VALUES('status:fnpba89766zws5tarfst','D0DM00ADA','1795314000.005001');
INSERT INTO "message" VALUES('card:fnpba89766zws5tarfst:C0SECURITY','C0SECURITY','1795314000.005002');
INSERT INTO "message" VALUES('status:r9ptkdpsgszsnx9scrfp','D0DMHEIDI','1795314660.006000');
INSERT INTO "message" VALUES('card:r9ptkdpsgszsnx9scrfp:C0SECURITY','C0SECURITY','1795314660.006001');
INSERT INTO "message" VALUES('status:trxeczt9v8ker6c4947c','D0DMGRACE','1795314660.007001');
INSERT INTO "message" VALUES('card:trxeczt9v8ker6c4947c:C0SECURITY','C0SECURITY','1795314660.007002');
INSERT INTO "message" VALUES('status:n92e4zhu54n8hev7qn2v','D0DM00ADA','1795314900.008001');
INSERT INTO "message" VALUES('card:n92e4zhu54n8hev7qn2v:C0SECURITY','C0SECURITY','1795314900.008002');
INSERT INTO "message" VALUES('status:zmq5tj4gt4a55a475pej','D0DM0ALAN','1795314900.009001');
INSERT INTO "message" VALUES('card:zmq5tj4gt4a55a475pej:C0SECURITY','C0SECURITY','1795314900.009002');
INSERT INTO "message" VALUES('ask:zmq5tj4gt4a55a475pej:0:C0APPROVALS','C0APPROVALS','1795314900.009003');
INSERT INTO "message" VALUES('ask:zmq5tj4gt4a55a475pej:0:to:grace@example.com','D0DMGRACE','1795314900.009004');
INSERT INTO "message" VALUES('ask:zmq5tj4gt4a55a475pej:0:to:heidi@example.com','D0DMHEIDI','1795314900.009005');
CREATE TABLE notice (
	id INTEGER NOT NULL, 
	conversation VARCHAR NOT NULL, 
	priority INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	request_id VARCHAR, 
	slot VARCHAR, 
	data JSON NOT NULL, 
	head VARCHAR, 
	created_at DATETIME NOT NULL, 
	due_at DATETIME NOT NULL, 
	attempts INTEGER NOT NULL, 
	unclear BOOLEAN NOT NULL, 
	escalated BOOLEAN NOT NULL, 
	sent_at DATETIME, 
	ts VARCHAR, 
	last_error TEXT, 
	lease_by VARCHAR, 
	lease_until DATETIME, 
	PRIMARY KEY (id)
);
INSERT INTO "notice" VALUES(1,'dm:T0ACME:U0MALLORY',4,'status','4uncemjhdtjpbkc958es','status:4uncemjhdtjpbkc958es','{}',NULL,'2026-11-22 02:10:00.001000','2026-11-22 02:10:00.001000',1,0,0,'2026-11-22 02:10:00.001000','1795313400.001001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(2,'C0SECURITY',4,'card','4uncemjhdtjpbkc958es','card:4uncemjhdtjpbkc958es:C0SECURITY','{}','3·c4aad5ab','2026-11-22 02:10:00.001000','2026-11-22 02:10:00.001000',1,0,0,'2026-11-22 02:10:00.001000','1795313400.001002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(3,'dm:T0ACME:U0ALAN',2,'status','quszf4v49x84np4aujn8','status:quszf4v49x84np4aujn8','{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(4,'C0SECURITY',2,'card','quszf4v49x84np4aujn8','card:quszf4v49x84np4aujn8:C0SECURITY','{}','8·eba0bdc5','2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(5,'C0APPROVALS',2,'ask','quszf4v49x84np4aujn8','ask:quszf4v49x84np4aujn8:0:C0APPROVALS','{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002003',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(6,'to:grace@example.com',2,'ask','quszf4v49x84np4aujn8','ask:quszf4v49x84np4aujn8:0:to:grace@example.com','{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002004',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(7,'to:heidi@example.com',2,'ask','quszf4v49x84np4aujn8','ask:quszf4v49x84np4aujn8:0:to:heidi@example.com','{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002005',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(8,'dm:T0ACME:U0ALAN',3,'status','quszf4v49x84np4aujn8','status:quszf4v49x84np4aujn8','{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(9,'dm:T0ACME:U0ALAN',3,'line','quszf4v49x84np4aujn8',NULL,'{"event": "denied", "by": "heidi@example.com", "reason": "Not tonight."}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002013',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(10,'C0SECURITY',3,'card','quszf4v49x84np4aujn8','card:quszf4v49x84np4aujn8:C0SECURITY','{}','14·405d0b69','2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(11,'C0SECURITY',3,'event','quszf4v49x84np4aujn8',NULL,'{"event": "denied", "by": "heidi@example.com", "reason": "Not tonight."}','14·405d0b69','2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002014',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(12,'C0APPROVALS',2,'ask','quszf4v49x84np4aujn8','ask:quszf4v49x84np4aujn8:0:C0APPROVALS','{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002003',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(13,'to:grace@example.com',2,'ask','quszf4v49x84np4aujn8','ask:quszf4v49x84np4aujn8:0:to:grace@example.com','{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002004',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(14,'to:heidi@example.com',2,'ask','quszf4v49x84np4aujn8','ask:quszf4v49x84np4aujn8:0:to:heidi@example.com','{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002005',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(15,'dm:T0ACME:U0HEIDI',2,'outcome','quszf4v49x84np4aujn8',NULL,'{"text": "Denied.", "channel": null}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002010',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(16,'dm:T0ACME:U0ALAN',2,'status','wjqtt6sh675ujw97s8ca','status:wjqtt6sh675ujw97s8ca','{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(17,'C0SECURITY',2,'card','wjqtt6sh675ujw97s8ca','card:wjqtt6sh675ujw97s8ca:C0SECURITY','{}','18·c0a63b85','2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(18,'C0APPROVALS',2,'ask','wjqtt6sh675ujw97s8ca','ask:wjqtt6sh675ujw97s8ca:0:C0APPROVALS','{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003003',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(19,'to:grace@example.com',2,'ask','wjqtt6sh675ujw97s8ca','ask:wjqtt6sh675ujw97s8ca:0:to:grace@example.com','{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003004',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(20,'to:heidi@example.com',2,'ask','wjqtt6sh675ujw97s8ca','ask:wjqtt6sh675ujw97s8ca:0:to:heidi@example.com','{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003005',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(21,'dm:T0ACME:U0ALAN',3,'status','wjqtt6sh675ujw97s8ca','status:wjqtt6sh675ujw97s8ca','{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(22,'dm:T0ACME:U0ALAN',3,'line','wjqtt6sh675ujw97s8ca',NULL,'{"event": "cancelled", "by": "alan@example.com", "reason": null}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003013',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(23,'C0SECURITY',3,'card','wjqtt6sh675ujw97s8ca','card:wjqtt6sh675ujw97s8ca:C0SECURITY','{}','22·bd7c4bf9','2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(24,'C0SECURITY',3,'event','wjqtt6sh675ujw97s8ca',NULL,'{"event": "cancelled", "by": "alan@example.com", "reason": null}','22·bd7c4bf9','2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003014',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(25,'C0APPROVALS',2,'ask','wjqtt6sh675ujw97s8ca','ask:wjqtt6sh675ujw97s8ca:0:C0APPROVALS','{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003003',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(26,'to:grace@example.com',2,'ask','wjqtt6sh675ujw97s8ca','ask:wjqtt6sh675ujw97s8ca:0:to:grace@example.com','{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003004',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(27,'to:heidi@example.com',2,'ask','wjqtt6sh675ujw97s8ca','ask:wjqtt6sh675ujw97s8ca:0:to:heidi@example.com','{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003005',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(28,'dm:T0ACME:U0ALAN',2,'outcome','wjqtt6sh675ujw97s8ca',NULL,'{"text": "Cancelled.", "channel": "D0DM0ALAN"}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003010',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(29,'dm:T0ACME:U0ALAN',2,'status','ksn53x9c6qvg8jjnd9sm','status:ksn53x9c6qvg8jjnd9sm','{}',NULL,'2026-11-22 02:10:00.004000','2026-11-22 02:10:00.004000',1,0,0,'2026-11-22 02:10:00.004000','1795313400.004001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(30,'C0SECURITY',2,'card','ksn53x9c6qvg8jjnd9sm','card:ksn53x9c6qvg8jjnd9sm:C0SECURITY','{}','26·1847352d','2026-11-22 02:10:00.004000','2026-11-22 02:10:00.004000',1,0,0,'2026-11-22 02:10:00.004000','1795313400.004002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(31,'C0APPROVALS',2,'ask','ksn53x9c6qvg8jjnd9sm','ask:ksn53x9c6qvg8jjnd9sm:0:C0APPROVALS','{}',NULL,'2026-11-22 02:10:00.004000','2026-11-22 02:10:00.004000',1,0,0,'2026-11-22 02:10:00.004000','1795313400.004003',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(32,'to:grace@example.com',2,'ask','ksn53x9c6qvg8jjnd9sm','ask:ksn53x9c6qvg8jjnd9sm:0:to:grace@example.com','{}',NULL,'2026-11-22 02:10:00.004000','2026-11-22 02:10:00.004000',1,0,0,'2026-11-22 02:10:00.004000','1795313400.004004',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(33,'to:heidi@example.com',2,'ask','ksn53x9c6qvg8jjnd9sm','ask:ksn53x9c6qvg8jjnd9sm:0:to:heidi@example.com','{}',NULL,'2026-11-22 02:10:00.004000','2026-11-22 02:10:00.004000',1,0,0,'2026-11-22 02:10:00.004000','1795313400.004005',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(34,'C0APPROVALS',2,'reminder','ksn53x9c6qvg8jjnd9sm',NULL,'{}',NULL,'2026-11-22 02:14:00.004000','2026-11-22 02:14:00.004000',1,0,0,'2026-11-22 02:14:00.004000','1795313640.004000',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(35,'to:grace@example.com',2,'reminder','ksn53x9c6qvg8jjnd9sm',NULL,'{}',NULL,'2026-11-22 02:14:00.004000','2026-11-22 02:14:00.004000',1,0,0,'2026-11-22 02:14:00.004000','1795313640.004001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(36,'to:heidi@example.com',2,'reminder','ksn53x9c6qvg8jjnd9sm',NULL,'{}',NULL,'2026-11-22 02:14:00.004000','2026-11-22 02:14:00.004000',1,0,0,'2026-11-22 02:14:00.004000','1795313640.004002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(37,'dm:T0ACME:U0ALAN',3,'status','ksn53x9c6qvg8jjnd9sm','status:ksn53x9c6qvg8jjnd9sm','{}',NULL,'2026-11-22 02:20:00.004000','2026-11-22 02:20:00.004000',1,0,0,'2026-11-22 02:20:00.004000','1795313400.004001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(38,'dm:T0ACME:U0ALAN',3,'line','ksn53x9c6qvg8jjnd9sm',NULL,'{"event": "timed_out", "by": "clock", "reason": "Nobody with the right to decide answered in time."}',NULL,'2026-11-22 02:20:00.004000','2026-11-22 02:20:00.004000',1,0,0,'2026-11-22 02:20:00.004000','1795314000.004005',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(39,'C0SECURITY',3,'card','ksn53x9c6qvg8jjnd9sm','card:ksn53x9c6qvg8jjnd9sm:C0SECURITY','{}','29·673e7c8b','2026-11-22 02:20:00.004000','2026-11-22 02:20:00.004000',1,0,0,'2026-11-22 02:20:00.004000','1795313400.004002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(40,'C0SECURITY',3,'event','ksn53x9c6qvg8jjnd9sm',NULL,'{"event": "timed_out", "by": "clock", "reason": "Nobody with the right to decide answered in time."}','29·673e7c8b','2026-11-22 02:20:00.004000','2026-11-22 02:20:00.004000',1,0,0,'2026-11-22 02:20:00.004000','1795314000.004006',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(41,'C0APPROVALS',2,'ask','ksn53x9c6qvg8jjnd9sm','ask:ksn53x9c6qvg8jjnd9sm:0:C0APPROVALS','{}',NULL,'2026-11-22 02:20:00.004000','2026-11-22 02:20:00.004000',1,0,0,'2026-11-22 02:20:00.004000','1795313400.004003',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(42,'to:grace@example.com',2,'ask','ksn53x9c6qvg8jjnd9sm','ask:ksn53x9c6qvg8jjnd9sm:0:to:grace@example.com','{}',NULL,'2026-11-22 02:20:00.004000','2026-11-22 02:20:00.004000',1,0,0,'2026-11-22 02:20:00.004000','1795313400.004004',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(43,'to:heidi@example.com',2,'ask','ksn53x9c6qvg8jjnd9sm','ask:ksn53x9c6qvg8jjnd9sm:0:to:heidi@example.com','{}',NULL,'2026-11-22 02:20:00.004000','2026-11-22 02:20:00.004000',1,0,0,'2026-11-22 02:20:00.004000','1795313400.004005',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(44,'dm:T0ACME:U0ADA',1,'status','fnpba89766zws5tarfst','status:fnpba89766zws5tarfst','{}',NULL,'2026-11-22 02:20:00.005000','2026-11-22 02:20:00.005000',1,0,0,'2026-11-22 02:20:00.005000','1795314000.005001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(45,'C0SECURITY',1,'card','fnpba89766zws5tarfst','card:fnpba89766zws5tarfst:C0SECURITY','{}','37·5023f4ea','2026-11-22 02:20:00.005000','2026-11-22 02:20:00.005000',1,0,0,'2026-11-22 02:20:00.005000','1795314000.005002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(46,'dm:T0ACME:U0ADA',0,'status','fnpba89766zws5tarfst','status:fnpba89766zws5tarfst','{}',NULL,'2026-11-22 02:25:00.005000','2026-11-22 02:25:00.005000',1,0,0,'2026-11-22 02:25:00.005000','1795314000.005001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(47,'dm:T0ACME:U0ADA',0,'line','fnpba89766zws5tarfst',NULL,'{"event": "revoked", "by": "clock", "reason": null}',NULL,'2026-11-22 02:25:00.005000','2026-11-22 02:25:00.005000',1,0,0,'2026-11-22 02:25:00.005000','1795314300.005002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(48,'C0SECURITY',0,'card','fnpba89766zws5tarfst','card:fnpba89766zws5tarfst:C0SECURITY','{}','41·a02b3b41','2026-11-22 02:25:00.005000','2026-11-22 02:25:00.005000',1,0,0,'2026-11-22 02:25:00.005000','1795314000.005002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(49,'C0SECURITY',0,'event','fnpba89766zws5tarfst',NULL,'{"event": "revoked", "by": "clock", "reason": null}','41·a02b3b41','2026-11-22 02:25:00.005000','2026-11-22 02:25:00.005000',1,0,0,'2026-11-22 02:25:00.005000','1795314300.005003',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(50,'dm:T0ACME:U0HEIDI',0,'status','r9ptkdpsgszsnx9scrfp','status:r9ptkdpsgszsnx9scrfp','{}',NULL,'2026-11-22 02:31:00.006000','2026-11-22 02:31:00.006000',1,0,0,'2026-11-22 02:31:00.006000','1795314660.006000',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(51,'C0SECURITY',0,'card','r9ptkdpsgszsnx9scrfp','card:r9ptkdpsgszsnx9scrfp:C0SECURITY','{}','46·e33162f2','2026-11-22 02:31:00.006000','2026-11-22 02:31:00.006000',1,0,0,'2026-11-22 02:31:00.006000','1795314660.006001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(52,'dm:T0ACME:U0GRACE',1,'status','trxeczt9v8ker6c4947c','status:trxeczt9v8ker6c4947c','{}',NULL,'2026-11-22 02:31:00.007000','2026-11-22 02:31:00.007000',1,0,0,'2026-11-22 02:31:00.007000','1795314660.007001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(53,'C0SECURITY',1,'card','trxeczt9v8ker6c4947c','card:trxeczt9v8ker6c4947c:C0SECURITY','{}','54·0962f810','2026-11-22 02:31:00.007000','2026-11-22 02:31:00.007000',1,0,0,'2026-11-22 02:31:00.007000','1795314660.007002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(54,'dm:T0ACME:U0ADA',1,'status','n92e4zhu54n8hev7qn2v','status:n92e4zhu54n8hev7qn2v','{}',NULL,'2026-11-22 02:35:00.008000','2026-11-22 02:35:00.008000',1,0,0,'2026-11-22 02:35:00.008000','1795314900.008001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(55,'C0SECURITY',1,'card','n92e4zhu54n8hev7qn2v','card:n92e4zhu54n8hev7qn2v:C0SECURITY','{}','61·c33458d9','2026-11-22 02:35:00.008000','2026-11-22 02:35:00.008000',1,0,0,'2026-11-22 02:35:00.008000','1795314900.008002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(56,'dm:T0ACME:U0ALAN',2,'status','zmq5tj4gt4a55a475pej','status:zmq5tj4gt4a55a475pej','{}',NULL,'2026-11-22 02:35:00.009000','2026-11-22 02:35:00.009000',1,0,0,'2026-11-22 02:35:00.009000','1795314900.009001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(57,'C0SECURITY',2,'card','zmq5tj4gt4a55a475pej','card:zmq5tj4gt4a55a475pej:C0SECURITY','{}','65·8eb2d4e3','2026-11-22 02:35:00.009000','2026-11-22 02:35:00.009000',1,0,0,'2026-11-22 02:35:00.009000','1795314900.009002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(58,'C0APPROVALS',2,'ask','zmq5tj4gt4a55a475pej','ask:zmq5tj4gt4a55a475pej:0:C0APPROVALS','{}',NULL,'2026-11-22 02:35:00.009000','2026-11-22 02:35:00.009000',1,0,0,'2026-11-22 02:35:00.009000','1795314900.009003',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(59,'to:grace@example.com',2,'ask','zmq5tj4gt4a55a475pej','ask:zmq5tj4gt4a55a475pej:0:to:grace@example.com','{}',NULL,'2026-11-22 02:35:00.009000','2026-11-22 02:35:00.009000',1,0,0,'2026-11-22 02:35:00.009000','1795314900.009004',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(60,'to:heidi@example.com',2,'ask','zmq5tj4gt4a55a475pej','ask:zmq5tj4gt4a55a475pej:0:to:heidi@example.com','{}',NULL,'2026-11-22 02:35:00.009000','2026-11-22 02:35:00.009000',1,0,0,'2026-11-22 02:35:00.009000','1795314900.009005',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(61,'dm:T0ACME:U0GRACE',0,'status','trxeczt9v8ker6c4947c','status:trxeczt9v8ker6c4947c','{}',NULL,'2026-11-22 02:36:00.010000','2026-11-22 02:36:00.010000',0,0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(62,'C0SECURITY',0,'card','trxeczt9v8ker6c4947c','card:trxeczt9v8ker6c4947c:C0SECURITY','{}','71·45e728b9','2026-11-22 02:36:00.010000','2026-11-22 02:36:00.010000',0,0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(63,'dm:T0ACME:U0ADA',2,'hearing','hhndd6mru4mg8myf5jd2',NULL,'{}',NULL,'2026-11-22 02:36:00.011000','2026-11-22 02:36:00.711000',0,0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(64,'dm:T0ACME:U0ADA',2,'waiting','hhndd6mru4mg8myf5jd2',NULL,'{}',NULL,'2026-11-22 02:36:00.011000','2026-11-22 02:36:05.011000',0,0,0,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE person (
	id VARCHAR NOT NULL, 
	team VARCHAR NOT NULL, 
	slack_user VARCHAR NOT NULL, 
	email VARCHAR, 
	proposed_email VARCHAR, 
	accept_asked_by VARCHAR, 
	name VARCHAR NOT NULL, 
	timezone VARCHAR NOT NULL, 
	bound_at DATETIME NOT NULL, 
	frozen_at DATETIME, 
	profile JSON, 
	profile_at DATETIME, 
	PRIMARY KEY (id), 
	UNIQUE (email)
);
INSERT INTO "person" VALUES('T0ACME:U0ALAN','T0ACME','U0ALAN','alan@example.com',NULL,NULL,'Alan Turing','Europe/London','2026-11-22 02:10:00.002000',NULL,NULL,'2026-11-22 02:35:00.009000');
INSERT INTO "person" VALUES('T0ACME:U0HEIDI','T0ACME','U0HEIDI','heidi@example.com',NULL,NULL,'Heidi Lamarr','Europe/Berlin','2026-11-22 02:10:00.002000',NULL,NULL,'2026-11-22 02:36:00.010000');
INSERT INTO "person" VALUES('T0ACME:U0ADA','T0ACME','U0ADA','ada@example.com',NULL,NULL,'Ada Lovelace','Europe/Berlin','2026-11-22 02:20:00.005000',NULL,NULL,'2026-11-22 02:35:00.008000');
INSERT INTO "person" VALUES('T0ACME:U0GRACE','T0ACME','U0GRACE','grace@example.com',NULL,NULL,'Grace Hopper','America/New_York','2026-11-22 02:31:00.007000',NULL,NULL,'2026-11-22 02:31:00.007000');
CREATE TABLE policy_text (
	digest VARCHAR NOT NULL, 
	text TEXT NOT NULL, 
	loaded_at DATETIME NOT NULL, 
	"commit" VARCHAR, 
	clean BOOLEAN, 
	PRIMARY KEY (digest)
);
INSERT INTO "policy_text" VALUES('sha256:fc437921787a71d7eccdecc8b0bdceb00ad1efa2aa4aa6f28e5222c681f47521','{"files":{"orders-db.yaml":"\ntitle: Orders database, write\nowner: user:dba-lead@example.com\nrisk: high\naccess:\n  - {connector: orders-db, role: incident_writer, use: \"psql orders\"}\nduration: {default: 30m, max: 4h, extend: 30m, extensions: 2}\nrules:\n  - {name: on call, if: {on_call: {schedule: sre-primary}}, then: grant}\n  - {name: engineering, if: {group: engineering}, then: approve}\napproval:\n  - {by: [group:leads], count: 1, within: 10m, remind: 4m}\n","reading.yaml":"\ntitle: Orders database, read\nowner: user:dba-lead@example.com\nrisk: low\nunknown: refuse\naccess: [{connector: orders-db, role: incident_reader}]\nduration: {default: 30m, max: 4h}\nrules: [{name: engineering, if: {group: engineering}, then: grant}]\n","settings.yaml":"\ntimezone: Europe/Berlin\nteams: [T0ACME]\ndomains: [example.com]\nsecurity_channel: C0SECURITY\napprovals_channel: C0APPROVALS\nsecurity_team: [group:security]\ngroups:\n  security: {members: [eve@example.com, frank@example.com]}\n  leads: {members: [grace@example.com, heidi@example.com]}\n  engineering: {members: [ada@example.com, alan@example.com, grace@example.com, heidi@example.com]}\nschedules:\n  sre-primary: {members: [ada@example.com]}\nconnectors:\n  orders-db: {kind: postgres, dsn: \"${ORDERS_DB_DSN}\", subject: \"{local}\", sessions: end}\n"}}','2026-11-22 02:10:00.000000',NULL,NULL);
CREATE TABLE press (
	id VARCHAR NOT NULL, 
	subject VARCHAR NOT NULL, 
	n INTEGER NOT NULL, 
	kind VARCHAR NOT NULL, 
	team VARCHAR NOT NULL, 
	slack_user VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	data JSON NOT NULL, 
	judged_at DATETIME, 
	outcome TEXT, 
	PRIMARY KEY (id)
);
INSERT INTO "press" VALUES('yq4rb9sbrx22ag5zvnh6','quszf4v49x84np4aujn8',1,'deny','T0ACME','U0HEIDI','2026-11-22 02:10:00.002000','{"reason": "Not tonight."}','2026-11-22 02:10:00.002000','Denied.');
INSERT INTO "press" VALUES('39vst29wgrvcrfyq3e3e','wjqtt6sh675ujw97s8ca',1,'cancel','T0ACME','U0ALAN','2026-11-22 02:10:00.003000','{"channel": "D0DM0ALAN"}','2026-11-22 02:10:00.003000','Cancelled.');
CREATE TABLE pulse (
	name VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	ok BOOLEAN NOT NULL, 
	note VARCHAR NOT NULL, 
	PRIMARY KEY (name)
);
CREATE TABLE request (
	id VARCHAR NOT NULL, 
	team VARCHAR NOT NULL, 
	slack_user VARCHAR NOT NULL, 
	email VARCHAR, 
	name VARCHAR NOT NULL, 
	policy VARCHAR NOT NULL, 
	policy_digest VARCHAR, 
	state VARCHAR NOT NULL, 
	state_at DATETIME NOT NULL, 
	reason TEXT NOT NULL, 
	incident VARCHAR, 
	requested_at DATETIME NOT NULL, 
	asked_seconds INTEGER, 
	duration_seconds INTEGER, 
	max_seconds INTEGER, 
	extended_seconds INTEGER NOT NULL, 
	extensions INTEGER NOT NULL, 
	granted_at DATETIME, 
	active_at DATETIME, 
	ends_at DATETIME, 
	decision JSON, 
	over_limit BOOLEAN NOT NULL, 
	subjects JSON, 
	round INTEGER NOT NULL, 
	"plan" JSON, 
	stage INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	step_at DATETIME, 
	decide_by DATETIME, 
	extension_seconds INTEGER, 
	confirm_due DATETIME, 
	confirm_by JSON, 
	confirmed_by VARCHAR, 
	confirmed_at DATETIME, 
	ended_because VARCHAR, 
	ended_by VARCHAR, 
	ended_reason TEXT, 
	ended_at DATETIME, 
	PRIMARY KEY (id), 
	CONSTRAINT state_known CHECK (state IN ('deciding', 'pending', 'granting', 'active', 'revoking', 'refused', 'denied', 'timed_out', 'cancelled', 'failed', 'revoked'))
);
INSERT INTO "request" VALUES('4uncemjhdtjpbkc958es','T0ACME','U0MALLORY',NULL,'','orders-db',NULL,'refused','2026-11-22 02:10:00.001000','INC-1234 replica lag','INC-1234','2026-11-22 02:10:00.001000',1800,NULL,NULL,0,0,NULL,NULL,NULL,'{"verdict": "refuse", "rule": null, "because": ["Your Slack account is a guest; only full members can use this."], "facts": []}',0,NULL,0,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'refused','policy','Your Slack account is a guest; only full members can use this.','2026-11-22 02:10:00.001000');
INSERT INTO "request" VALUES('quszf4v49x84np4aujn8','T0ACME','U0ALAN','alan@example.com','Alan Turing','orders-db','sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661','denied','2026-11-22 02:10:00.002000','INC-1234 replica lag','INC-1234','2026-11-22 02:10:00.002000',1800,1800,14400,0,0,NULL,NULL,NULL,'{"verdict": "approve", "rule": "engineering", "because": ["alan@example.com is in group engineering"], "facts": [{"fact": "group:engineering", "value": "true", "source": "settings", "at": "2026-11-22T02:10:00.002000Z", "since": null, "by": null}]}',0,'[["orders-db", "alan"]]',0,'[[{"by": ["group:leads"], "count": 1, "within_seconds": 600, "remind_seconds": 240}]]',1,1,'2026-11-22 02:10:00.002000','2026-11-22 02:20:00.002000',NULL,NULL,NULL,NULL,NULL,'denied','heidi@example.com','Not tonight.','2026-11-22 02:10:00.002000');
INSERT INTO "request" VALUES('wjqtt6sh675ujw97s8ca','T0ACME','U0ALAN','alan@example.com','Alan Turing','orders-db','sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661','cancelled','2026-11-22 02:10:00.003000','INC-1234 replica lag','INC-1234','2026-11-22 02:10:00.003000',1800,1800,14400,0,0,NULL,NULL,NULL,'{"verdict": "approve", "rule": "engineering", "because": ["alan@example.com is in group engineering"], "facts": [{"fact": "group:engineering", "value": "true", "source": "settings", "at": "2026-11-22T02:10:00.003000Z", "since": null, "by": null}]}',0,'[["orders-db", "alan"]]',0,'[[{"by": ["group:leads"], "count": 1, "within_seconds": 600, "remind_seconds": 240}]]',1,1,'2026-11-22 02:10:00.003000','2026-11-22 02:20:00.003000',NULL,NULL,NULL,NULL,NULL,'cancelled','alan@example.com',NULL,'2026-11-22 02:10:00.003000');
INSERT INTO "request" VALUES('ksn53x9c6qvg8jjnd9sm','T0ACME','U0ALAN','alan@example.com','Alan Turing','orders-db','sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661','timed_out','2026-11-22 02:20:00.004000','INC-1234 replica lag','INC-1234','2026-11-22 02:10:00.004000',1800,1800,14400,0,0,NULL,NULL,NULL,'{"verdict": "approve", "rule": "engineering", "because": ["alan@example.com is in group engineering"], "facts": [{"fact": "group:engineering", "value": "true", "source": "settings", "at": "2026-11-22T02:10:00.004000Z", "since": null, "by": null}]}',0,'[["orders-db", "alan"]]',0,'[[{"by": ["group:leads"], "count": 1, "within_seconds": 600, "remind_seconds": 240}]]',1,1,'2026-11-22 02:10:00.004000','2026-11-22 02:20:00.004000',NULL,NULL,NULL,NULL,NULL,'timed_out','clock','Nobody with the right to decide answered in time.','2026-11-22 02:20:00.004000');
INSERT INTO "request" VALUES('fnpba89766zws5tarfst','T0ACME','U0ADA','ada@example.com','Ada Lovelace','reading','sha256:3625bf26d8ca92ec565d105f5b69d56c5b79ba1beddd90aab2af492943eeade5','revoked','2026-11-22 02:25:00.005000','INC-1234 replica lag','INC-1234','2026-11-22 02:20:00.005000',300,300,14400,0,0,'2026-11-22 02:20:00.005000','2026-11-22 02:20:00.005000','2026-11-22 02:25:00.005000','{"verdict": "grant", "rule": "engineering", "because": ["ada@example.com is in group engineering"], "facts": [{"fact": "group:engineering", "value": "true", "source": "settings", "at": "2026-11-22T02:20:00.005000Z", "since": null, "by": null}]}',0,'[["orders-db", "ada"]]',0,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'expired','clock',NULL,'2026-11-22 02:25:00.005000');
INSERT INTO "request" VALUES('r9ptkdpsgszsnx9scrfp','T0ACME','U0HEIDI','heidi@example.com','Heidi Lamarr','reading','sha256:3625bf26d8ca92ec565d105f5b69d56c5b79ba1beddd90aab2af492943eeade5','failed','2026-11-22 02:31:00.006000','INC-1234 replica lag','INC-1234','2026-11-22 02:25:00.006000',1800,1800,14400,0,0,'2026-11-22 02:25:00.006000',NULL,'2026-11-22 02:55:00.006000','{"verdict": "grant", "rule": "engineering", "because": ["heidi@example.com is in group engineering"], "facts": [{"fact": "group:engineering", "value": "true", "source": "settings", "at": "2026-11-22T02:25:00.006000Z", "since": null, "by": null}]}',0,'[["orders-db", "heidi"]]',0,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'failed','worker','orders-db could not give it within 5 minutes.','2026-11-22 02:31:00.006000');
INSERT INTO "request" VALUES('trxeczt9v8ker6c4947c','T0ACME','U0GRACE','grace@example.com','Grace Hopper','reading','sha256:3625bf26d8ca92ec565d105f5b69d56c5b79ba1beddd90aab2af492943eeade5','revoking','2026-11-22 02:36:00.010000','INC-1234 replica lag','INC-1234','2026-11-22 02:31:00.007000',300,300,14400,0,0,'2026-11-22 02:31:00.007000','2026-11-22 02:31:00.007000','2026-11-22 02:36:00.007000','{"verdict": "grant", "rule": "engineering", "because": ["grace@example.com is in group engineering"], "facts": [{"fact": "group:engineering", "value": "true", "source": "settings", "at": "2026-11-22T02:31:00.007000Z", "since": null, "by": null}]}',0,'[["orders-db", "grace"]]',0,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'expired','clock',NULL,NULL);
INSERT INTO "request" VALUES('n92e4zhu54n8hev7qn2v','T0ACME','U0ADA','ada@example.com','Ada Lovelace','orders-db','sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661','active','2026-11-22 02:35:00.008000','INC-1234 replica lag','INC-1234','2026-11-22 02:35:00.008000',14400,14400,14400,0,0,'2026-11-22 02:35:00.008000','2026-11-22 02:35:00.008000','2026-11-22 06:35:00.008000','{"verdict": "grant", "rule": "on call", "because": ["ada@example.com is on call in sre-primary at level 1"], "facts": [{"fact": "on_call:sre-primary", "value": "true", "source": "settings", "at": "2026-11-22T02:35:00.008000Z", "since": null, "by": null}]}',0,'[["orders-db", "ada"]]',0,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "request" VALUES('zmq5tj4gt4a55a475pej','T0ACME','U0ALAN','alan@example.com','Alan Turing','orders-db','sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661','pending','2026-11-22 02:35:00.009000','INC-1234 replica lag','INC-1234','2026-11-22 02:35:00.009000',7200,7200,14400,0,0,NULL,NULL,NULL,'{"verdict": "approve", "rule": "engineering", "because": ["alan@example.com is in group engineering"], "facts": [{"fact": "group:engineering", "value": "true", "source": "settings", "at": "2026-11-22T02:35:00.009000Z", "since": null, "by": null}]}',0,'[["orders-db", "alan"]]',0,'[[{"by": ["group:leads"], "count": 1, "within_seconds": 600, "remind_seconds": 240}]]',1,1,'2026-11-22 02:35:00.009000','2026-11-22 02:45:00.009000',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "request" VALUES('a8dvm6fr2nkwyepmafd8','T0ACME','U0HEIDI','heidi@example.com','Heidi Lamarr','reading','sha256:3625bf26d8ca92ec565d105f5b69d56c5b79ba1beddd90aab2af492943eeade5','granting','2026-11-22 02:36:00.010000','INC-1234 replica lag','INC-1234','2026-11-22 02:36:00.010000',3600,3600,14400,0,0,'2026-11-22 02:36:00.010000',NULL,'2026-11-22 03:36:00.010000','{"verdict": "grant", "rule": "engineering", "because": ["heidi@example.com is in group engineering"], "facts": [{"fact": "group:engineering", "value": "true", "source": "settings", "at": "2026-11-22T02:36:00.010000Z", "since": null, "by": null}]}',0,'[["orders-db", "heidi"]]',0,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "request" VALUES('hhndd6mru4mg8myf5jd2','T0ACME','U0ADA',NULL,'','reading',NULL,'deciding','2026-11-22 02:36:00.011000','INC-1234 replica lag','INC-1234','2026-11-22 02:36:00.011000',1800,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
CREATE TABLE roster (
	name VARCHAR NOT NULL, 
	members JSON, 
	at DATETIME NOT NULL, 
	error VARCHAR, 
	PRIMARY KEY (name)
);
CREATE TABLE seen (
	"key" VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	PRIMARY KEY ("key")
);
INSERT INTO "seen" VALUES('command:a147a4691d0fdc0d59aeb81ddf2c2787515b2835d732992038bf57fbe71bbc84','2026-11-22 02:10:00.001000');
INSERT INTO "seen" VALUES('command:a2dcd201d582161767ac16e6eb660870402b7e258639de2c1a94a6755ff1f36a','2026-11-22 02:10:00.002000');
INSERT INTO "seen" VALUES('form:47eb09db9882b6d71b4f6d0e439ed74810217d534f1f77b26fa42cc2d118f37b','2026-11-22 02:10:00.002000');
INSERT INTO "seen" VALUES('command:5242019acfc142c207f6c43affa2f3ecdb76204c3e9d03db65823a5e3eda5071','2026-11-22 02:10:00.003000');
INSERT INTO "seen" VALUES('press:62150bb14adc45cb9b9134bc54be8550d840f386149c5e9ac97aea9cc531bbf9','2026-11-22 02:10:00.003000');
INSERT INTO "seen" VALUES('command:3457e275c17a94f0cc763ce3d6dbb7e7a901b428f5635c9dc4c588db33194ecf','2026-11-22 02:10:00.004000');
INSERT INTO "seen" VALUES('command:81f54c44dd507e5259432e90bc695d194f9204b5ba5397d3a4788047a3f8346d','2026-11-22 02:20:00.005000');
INSERT INTO "seen" VALUES('command:612e16029158061014a7f2fbfcee2acc9bb20634b7a42b58490a4362c7fa324f','2026-11-22 02:25:00.006000');
INSERT INTO "seen" VALUES('command:00937465090c64fd3d89245f65a1c0a78282563e9f38753992f95cd8aa0e77fd','2026-11-22 02:31:00.007000');
INSERT INTO "seen" VALUES('command:5cc825daa9120b1e2ed32404e75c8a7db17317baf9456bbd3dccba1eef405396','2026-11-22 02:35:00.008000');
INSERT INTO "seen" VALUES('command:313a877d0d4a1aa908e51013e016a2a427538a933fcb049c80d80406a04fc234','2026-11-22 02:35:00.009000');
INSERT INTO "seen" VALUES('command:717baf4d17965f7586f90607eeefc39879c145464925785da0b33714a5e978d3','2026-11-22 02:36:00.010000');
INSERT INTO "seen" VALUES('command:0de5667cedc67d4b30521b427e9f0fdfbc981716e5beb8fd7c9f15ce5e70ed79','2026-11-22 02:36:00.011000');
CREATE INDEX ix_drift_connector ON drift (connector);
CREATE INDEX due_list ON due (due_at, lane);
CREATE INDEX ix_freeze_thawed_at ON freeze (thawed_at);
CREATE INDEX hold_leased ON hold (lease_by);
CREATE INDEX ix_ledger_request_id ON ledger (request_id);
CREATE INDEX ix_notice_request_id ON notice (request_id);
CREATE INDEX notice_leased ON notice (lease_until);
CREATE INDEX notice_order ON notice (sent_at, conversation, priority, id);
CREATE INDEX press_unjudged ON press (subject, judged_at, n);
CREATE INDEX request_asked ON request (slack_user, requested_at);
CREATE INDEX request_given ON request (policy, granted_at);
CREATE INDEX request_live ON request (policy, state);
CREATE INDEX request_newest ON request (requested_at);
CREATE INDEX request_open ON request (slack_user, state);
CREATE INDEX request_used ON request (policy, email, granted_at);
CREATE INDEX ix_seen_at ON seen (at);
CREATE INDEX ix_approval_request_id ON approval (request_id);
CREATE INDEX grant_hold ON grant (hold_id, state);
CREATE INDEX grant_subject ON grant (connector, subject);
CREATE INDEX ix_grant_request_id ON grant (request_id);
CREATE TRIGGER ledger_not_changed BEFORE UPDATE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is only ever appended to'); END;
CREATE TRIGGER ledger_not_deleted BEFORE DELETE ON ledger BEGIN SELECT RAISE(ABORT, 'the ledger is only ever appended to'); END;
CREATE TRIGGER ledger_not_replaced BEFORE INSERT ON ledger WHEN EXISTS (SELECT 1 FROM ledger WHERE seq = NEW.seq) BEGIN SELECT RAISE(ABORT, 'the ledger is only ever appended to'); END;
COMMIT;
