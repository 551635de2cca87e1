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
INSERT INTO "approval" VALUES('wn4arz4efm5v6767uz2d','s4db5aszpkayspqkgat3',0,'T0ACME','U0HEIDI','heidi@example.com','group:leads','deny',1,1,'Not tonight.','2026-11-22 02:10:00.002000');
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
INSERT INTO "due" VALUES('revoke:e8uz3w54mndwpuygutg8','revoke','e8uz3w54mndwpuygutg8','take:orders-db','2026-11-22 02:36:01.100211',0,1,'{"request": "r3rahpv6k228kczqemry", "error": "orders-db has no database of the DSN''s name, or the bot may not connect to it"}',NULL,NULL);
INSERT INTO "due" VALUES('ending:mbq9bw77g8znqnsd47nm','ending','mbq9bw77g8znqnsd47nm','timer','2026-11-22 06:30:00.008000',0,0,'{}',NULL,NULL);
INSERT INTO "due" VALUES('revoke:x8xzywr79yu9tvq866qb','revoke','x8xzywr79yu9tvq866qb','take:orders-db','2026-11-22 06:35:00.008000',0,0,'{"request": "mbq9bw77g8znqnsd47nm"}',NULL,NULL);
INSERT INTO "due" VALUES('ask:wzmx3xnyupnmryfe5cms','ask','wzmx3xnyupnmryfe5cms','timer','2026-11-22 02:39:00.009000',0,0,'{}',NULL,NULL);
INSERT INTO "due" VALUES('ending:ggmtzmazru6va7grckwc','ending','ggmtzmazru6va7grckwc','timer','2026-11-22 03:31:00.010000',0,0,'{}',NULL,NULL);
INSERT INTO "due" VALUES('give:7j6eddyehcbexnsqcrgk','give','7j6eddyehcbexnsqcrgk','give:orders-db','2026-11-22 02:36:00.010000',0,0,'{"request": "ggmtzmazru6va7grckwc"}',NULL,NULL);
INSERT INTO "due" VALUES('revoke:7j6eddyehcbexnsqcrgk','revoke','7j6eddyehcbexnsqcrgk','take:orders-db','2026-11-22 03:36:00.010000',0,0,'{"request": "ggmtzmazru6va7grckwc"}',NULL,NULL);
INSERT INTO "due" VALUES('overdue:orders-db','overdue','orders-db','timer','2026-11-22 02:37:00.010000',0,0,'{"watched": "take:orders-db"}',NULL,NULL);
INSERT INTO "due" VALUES('canary:canary','canary','canary','canary','2026-11-22 02:36:03.010000',0,0,'{"planned": "2026-11-22T02:36:03.010000Z"}',NULL,NULL);
INSERT INTO "due" VALUES('decide:eytr28efq92v8w7h23re','decide','eytr28efq92v8w7h23re','desk','2026-11-22 02:36:00.011000',0,0,'{}',NULL,NULL);
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
INSERT INTO "grant" VALUES('qsw57ckufnp4tvpvwqv3','wh9gnrugrbc96kgh3kp3',0,'orders-db','{"role": "incident_reader"}','ada','f98312541302ad6eef2ccb3680156451','revoked',0,'2026-11-22 02:20:00.005000','2026-11-22 02:25:00.005000','2026-11-22 02:20:00.005000','2026-11-22 02:20:00.005000','2026-11-22 02:25:00.005000','2026-11-22 02:25:00.005000',NULL,'none','[]','worker','{"xid": 771, "subject_oid": 16385, "role_oid": 16391}',0,NULL);
INSERT INTO "grant" VALUES('njsfz9kh3cpgpj9jh754','ydp97dgevjsyy449whrd',0,'orders-db','{"role": "incident_reader"}','heidi','c7addbe89c05f74e3b21a19ba0ee0e12','failed',0,'2026-11-22 02:25:00.006000','2026-11-22 02:55:00.006000',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'worker',NULL,0,'orders-db could not give it within 5 minutes.');
INSERT INTO "grant" VALUES('e8uz3w54mndwpuygutg8','r3rahpv6k228kczqemry',0,'orders-db','{"role": "incident_reader"}','grace','6cbc43d880ffa191495034252cb3ba26','revoking',0,'2026-11-22 02:31:00.007000','2026-11-22 02:36:00.007000','2026-11-22 02:31:00.007000','2026-11-22 02:31:00.007000',NULL,NULL,NULL,NULL,NULL,'worker','{"xid": 773, "subject_oid": 16387, "role_oid": 16391}',1,'orders-db has no database of the DSN''s name, or the bot may not connect to it');
INSERT INTO "grant" VALUES('x8xzywr79yu9tvq866qb','mbq9bw77g8znqnsd47nm',0,'orders-db','{"role": "incident_writer"}','ada','66d9953b2b2839cff1b40197b6120132','active',0,'2026-11-22 02:35:00.008000','2026-11-22 06:35:00.008000','2026-11-22 02:35:00.008000','2026-11-22 02:35:00.008000',NULL,NULL,NULL,NULL,NULL,'worker','{"xid": 774, "subject_oid": 16385, "role_oid": 16392}',0,NULL);
INSERT INTO "grant" VALUES('7j6eddyehcbexnsqcrgk','ggmtzmazru6va7grckwc',0,'orders-db','{"role": "incident_reader"}','heidi','c7addbe89c05f74e3b21a19ba0ee0e12','planned',0,'2026-11-22 02:36:00.010000','2026-11-22 03:36:00.010000',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'worker',NULL,0,NULL);
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
INSERT INTO "ledger" VALUES(2,'2026-11-22 02:10:00.001000','slack:T0ACME/U0MALLORY','RequestOpened','wmfqjg8ghme8qpmd947g','{"rows":[{"id":"wmfqjg8ghme8qpmd947g","set":{"active_at":null,"asked_seconds":1800,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"wmfqjg8ghme8qpmd947g","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"orders-db","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:10:00.001000Z","round":0,"slack_user":"U0MALLORY","stage":0,"state":"deciding","state_at":"2026-11-22T02:10:00.001000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','d2d476c0fdb58c43ff41bd279bf3d3e2ab2f331507316ea46f744a536aae3c63','9135cc657a953947c6aa45034eae5dbb14812f38fc49518b6160c71fa1ee8aa4');
INSERT INTO "ledger" VALUES(3,'2026-11-22 02:10:00.001000','policy','RequestRefused','wmfqjg8ghme8qpmd947g','{"because":"refused","reason":"Your Slack account is a guest; only full members can use this.","rows":[{"id":"wmfqjg8ghme8qpmd947g","set":{"decision":{"because":["Your Slack account is a guest; only full members can use this."],"facts":[],"rule":null,"verdict":"refuse"},"ended_at":"2026-11-22T02:10:00.001000Z","ended_because":"refused","ended_by":"policy","ended_reason":"Your Slack account is a guest; only full members can use this.","state":"refused","state_at":"2026-11-22T02:10:00.001000Z"},"table":"request"}]}','9135cc657a953947c6aa45034eae5dbb14812f38fc49518b6160c71fa1ee8aa4','48055fc22b27c879b44b5bd0c73850a9895df4ce545f9f28cbbffeef809dcbab');
INSERT INTO "ledger" VALUES(4,'2026-11-22 02:10:00.001000','worker','AlertDelivered','wmfqjg8ghme8qpmd947g','{"channel":"C0SECURITY","notice":4,"ts":"1795313400.001002"}','48055fc22b27c879b44b5bd0c73850a9895df4ce545f9f28cbbffeef809dcbab','b7a151c7133ce498ea42a5d6f432ed862e8f4efba99b096f48818eeca8aa9990');
INSERT INTO "ledger" VALUES(5,'2026-11-22 02:10:00.002000','slack:T0ACME/U0ALAN','RequestOpened','s4db5aszpkayspqkgat3','{"rows":[{"id":"s4db5aszpkayspqkgat3","set":{"active_at":null,"asked_seconds":1800,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"s4db5aszpkayspqkgat3","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"orders-db","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:10:00.002000Z","round":0,"slack_user":"U0ALAN","stage":0,"state":"deciding","state_at":"2026-11-22T02:10:00.002000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','b7a151c7133ce498ea42a5d6f432ed862e8f4efba99b096f48818eeca8aa9990','ed59faf41d9621ce02570464eec04bda296cc14bf978a2dfd58418025c4d0d1f');
INSERT INTO "ledger" VALUES(6,'2026-11-22 02:10:00.002000','slack','PersonBound',NULL,'{"person":"T0ACME:U0ALAN","rows":[{"id":"T0ACME:U0ALAN","set":{"accept_asked_by":null,"bound_at":"2026-11-22T02:10:00.002000Z","email":"alan@example.com","frozen_at":null,"id":"T0ACME:U0ALAN","proposed_email":null,"slack_user":"U0ALAN","team":"T0ACME"},"table":"person"}]}','ed59faf41d9621ce02570464eec04bda296cc14bf978a2dfd58418025c4d0d1f','871c94d75ea56d6ad2e04151e3dced20a64675e16d40545de9d824f0eb996294');
INSERT INTO "ledger" VALUES(7,'2026-11-22 02:10:00.002000','policy','Decided','s4db5aszpkayspqkgat3','{"rows":[{"id":"s4db5aszpkayspqkgat3","set":{"decision":{"because":["alan@example.com is in group engineering"],"facts":[{"at":"2026-11-22T02:10:00.002000Z","by":null,"fact":"group:engineering","since":null,"source":"settings","value":"true"}],"rule":"engineering","verdict":"approve"},"duration_seconds":1800,"email":"alan@example.com","max_seconds":14400,"name":"Alan Turing","over_limit":false,"policy_digest":"sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661","subjects":[["orders-db","alan"]]},"table":"request"}],"rule":"engineering","verdict":"approve"}','871c94d75ea56d6ad2e04151e3dced20a64675e16d40545de9d824f0eb996294','040c75251e0c9e010bc9c4170a77f510bc95e89f45c2d1b118863d8b0d6fd885');
INSERT INTO "ledger" VALUES(8,'2026-11-22 02:10:00.002000','policy','ApprovalAsked','s4db5aszpkayspqkgat3','{"rows":[{"id":"s4db5aszpkayspqkgat3","set":{"decide_by":"2026-11-22T02:20:00.002000Z","plan":[[{"by":["group:leads"],"count":1,"remind_seconds":240,"within_seconds":600}]],"stage":1,"state":"pending","state_at":"2026-11-22T02:10:00.002000Z","step":1,"step_at":"2026-11-22T02:10:00.002000Z"},"table":"request"}],"stage":1,"step":1}','040c75251e0c9e010bc9c4170a77f510bc95e89f45c2d1b118863d8b0d6fd885','8cd80bc128a1ba083ff2dc52b95cbbc889218fdaf87721a883651e1fcd96da42');
INSERT INTO "ledger" VALUES(9,'2026-11-22 02:10:00.002000','worker','AlertDelivered','s4db5aszpkayspqkgat3','{"channel":"C0SECURITY","notice":8,"ts":"1795313400.002002"}','8cd80bc128a1ba083ff2dc52b95cbbc889218fdaf87721a883651e1fcd96da42','c6796021f9e743dd39872ed301d1ccc8f3ae3e312f3bdc0b1b7c1921c14f5336');
INSERT INTO "ledger" VALUES(10,'2026-11-22 02:10:00.002000','slack:T0ACME/U0HEIDI','Pressed','s4db5aszpkayspqkgat3','{"kind":"deny","rows":[{"id":"5nkkxzyc9myuxcaq4qzy","set":{"at":"2026-11-22T02:10:00.002000Z","data":{"reason":"Not tonight."},"id":"5nkkxzyc9myuxcaq4qzy","judged_at":null,"kind":"deny","n":1,"outcome":null,"slack_user":"U0HEIDI","subject":"s4db5aszpkayspqkgat3","team":"T0ACME"},"table":"press"}]}','c6796021f9e743dd39872ed301d1ccc8f3ae3e312f3bdc0b1b7c1921c14f5336','249ae24d081a69fb8313ec2b449ff1f4d5c5e84ad648f6dacb4ac964b873a842');
INSERT INTO "ledger" VALUES(11,'2026-11-22 02:10:00.002000','slack','PersonBound',NULL,'{"person":"T0ACME:U0HEIDI","rows":[{"id":"T0ACME:U0HEIDI","set":{"accept_asked_by":null,"bound_at":"2026-11-22T02:10:00.002000Z","email":"heidi@example.com","frozen_at":null,"id":"T0ACME:U0HEIDI","proposed_email":null,"slack_user":"U0HEIDI","team":"T0ACME"},"table":"person"}]}','249ae24d081a69fb8313ec2b449ff1f4d5c5e84ad648f6dacb4ac964b873a842','f4d3e6a151cde98825213e624b4a0a05d5eafb2f87a08c886d758b205b3269f2');
INSERT INTO "ledger" VALUES(12,'2026-11-22 02:10:00.002000','heidi@example.com','Denied','s4db5aszpkayspqkgat3','{"rows":[{"id":"5nkkxzyc9myuxcaq4qzy","set":{"judged_at":"2026-11-22T02:10:00.002000Z"},"table":"press"},{"id":"wn4arz4efm5v6767uz2d","set":{"at":"2026-11-22T02:10:00.002000Z","email":"heidi@example.com","id":"wn4arz4efm5v6767uz2d","note":"Not tonight.","principal":"group:leads","request_id":"s4db5aszpkayspqkgat3","round":0,"slack_user":"U0HEIDI","stage":1,"step":1,"team":"T0ACME","verdict":"deny"},"table":"approval"}],"stage":1,"step":1}','f4d3e6a151cde98825213e624b4a0a05d5eafb2f87a08c886d758b205b3269f2','e8dd743cb7bd3d91344daae14af386e422dcd7da18e57417383921721f082b68');
INSERT INTO "ledger" VALUES(13,'2026-11-22 02:10:00.002000','heidi@example.com','RequestDenied','s4db5aszpkayspqkgat3','{"because":"denied","reason":"Not tonight.","rows":[{"id":"s4db5aszpkayspqkgat3","set":{"ended_at":"2026-11-22T02:10:00.002000Z","ended_because":"denied","ended_by":"heidi@example.com","ended_reason":"Not tonight.","state":"denied","state_at":"2026-11-22T02:10:00.002000Z"},"table":"request"}]}','e8dd743cb7bd3d91344daae14af386e422dcd7da18e57417383921721f082b68','9f1a4cc29adad769323901b38f071b61e0dda16a3f9804663e421c9ac793e6dd');
INSERT INTO "ledger" VALUES(14,'2026-11-22 02:10:00.002000','heidi@example.com','PressJudged','s4db5aszpkayspqkgat3','{"kind":"deny","rows":[{"id":"5nkkxzyc9myuxcaq4qzy","set":{"outcome":"Denied."},"table":"press"}]}','9f1a4cc29adad769323901b38f071b61e0dda16a3f9804663e421c9ac793e6dd','66ff2c149a39ecc3123889f3a07178af3ca515adcc71f68719a1c2c6a32bb2e5');
INSERT INTO "ledger" VALUES(15,'2026-11-22 02:10:00.002000','worker','AlertDelivered','s4db5aszpkayspqkgat3','{"channel":"C0SECURITY","notice":15,"ts":"1795313400.002014"}','66ff2c149a39ecc3123889f3a07178af3ca515adcc71f68719a1c2c6a32bb2e5','06ac2c67d0dcec8b56788c724ab48f8e9d85b5dac292b987c75ffe74a55e428f');
INSERT INTO "ledger" VALUES(16,'2026-11-22 02:10:00.003000','slack:T0ACME/U0ALAN','RequestOpened','f3a58yyjnmdwgt3phrtm','{"rows":[{"id":"f3a58yyjnmdwgt3phrtm","set":{"active_at":null,"asked_seconds":1800,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"f3a58yyjnmdwgt3phrtm","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"orders-db","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:10:00.003000Z","round":0,"slack_user":"U0ALAN","stage":0,"state":"deciding","state_at":"2026-11-22T02:10:00.003000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','06ac2c67d0dcec8b56788c724ab48f8e9d85b5dac292b987c75ffe74a55e428f','a508342c3d8deec643c3533b30e3b31017c36b4728ed6de191d84a315a2a86be');
INSERT INTO "ledger" VALUES(17,'2026-11-22 02:10:00.003000','policy','Decided','f3a58yyjnmdwgt3phrtm','{"rows":[{"id":"f3a58yyjnmdwgt3phrtm","set":{"decision":{"because":["alan@example.com is in group engineering"],"facts":[{"at":"2026-11-22T02:10:00.003000Z","by":null,"fact":"group:engineering","since":null,"source":"settings","value":"true"}],"rule":"engineering","verdict":"approve"},"duration_seconds":1800,"email":"alan@example.com","max_seconds":14400,"name":"Alan Turing","over_limit":false,"policy_digest":"sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661","subjects":[["orders-db","alan"]]},"table":"request"}],"rule":"engineering","verdict":"approve"}','a508342c3d8deec643c3533b30e3b31017c36b4728ed6de191d84a315a2a86be','2f2cfc05e4dc585f285fa94fde199f0b99b56d721b2465d11fbfc4929310cb2f');
INSERT INTO "ledger" VALUES(18,'2026-11-22 02:10:00.003000','policy','ApprovalAsked','f3a58yyjnmdwgt3phrtm','{"rows":[{"id":"f3a58yyjnmdwgt3phrtm","set":{"decide_by":"2026-11-22T02:20:00.003000Z","plan":[[{"by":["group:leads"],"count":1,"remind_seconds":240,"within_seconds":600}]],"stage":1,"state":"pending","state_at":"2026-11-22T02:10:00.003000Z","step":1,"step_at":"2026-11-22T02:10:00.003000Z"},"table":"request"}],"stage":1,"step":1}','2f2cfc05e4dc585f285fa94fde199f0b99b56d721b2465d11fbfc4929310cb2f','063001a6f928af48a9c5503a0c7586aecad70b086daf7bee16e4156d61f29e46');
INSERT INTO "ledger" VALUES(19,'2026-11-22 02:10:00.003000','worker','AlertDelivered','f3a58yyjnmdwgt3phrtm','{"channel":"C0SECURITY","notice":23,"ts":"1795313400.003002"}','063001a6f928af48a9c5503a0c7586aecad70b086daf7bee16e4156d61f29e46','75145da3edd4b58cf134f4fa3ca37059c435302fd65690a1da5d8888cca75fd5');
INSERT INTO "ledger" VALUES(20,'2026-11-22 02:10:00.003000','slack:T0ACME/U0ALAN','Pressed','f3a58yyjnmdwgt3phrtm','{"kind":"cancel","rows":[{"id":"4gvdg66jabe34d8can4m","set":{"at":"2026-11-22T02:10:00.003000Z","data":{"channel":"D0DM0ALAN"},"id":"4gvdg66jabe34d8can4m","judged_at":null,"kind":"cancel","n":1,"outcome":null,"slack_user":"U0ALAN","subject":"f3a58yyjnmdwgt3phrtm","team":"T0ACME"},"table":"press"}]}','75145da3edd4b58cf134f4fa3ca37059c435302fd65690a1da5d8888cca75fd5','bc94a0db09b1abcbefb6f0ff7e3a30a5f0793c40a24e2ae9676bcc4b4c94b8af');
INSERT INTO "ledger" VALUES(21,'2026-11-22 02:10:00.003000','alan@example.com','RequestCancelled','f3a58yyjnmdwgt3phrtm','{"because":"cancelled","reason":null,"rows":[{"id":"4gvdg66jabe34d8can4m","set":{"judged_at":"2026-11-22T02:10:00.003000Z"},"table":"press"},{"id":"f3a58yyjnmdwgt3phrtm","set":{"ended_at":"2026-11-22T02:10:00.003000Z","ended_because":"cancelled","ended_by":"alan@example.com","ended_reason":null,"state":"cancelled","state_at":"2026-11-22T02:10:00.003000Z"},"table":"request"}]}','bc94a0db09b1abcbefb6f0ff7e3a30a5f0793c40a24e2ae9676bcc4b4c94b8af','203141502b6dbb16db01eba27581368dd9cfea026daca2baee72500890b27cec');
INSERT INTO "ledger" VALUES(22,'2026-11-22 02:10:00.003000','alan@example.com','PressJudged','f3a58yyjnmdwgt3phrtm','{"kind":"cancel","rows":[{"id":"4gvdg66jabe34d8can4m","set":{"outcome":"Cancelled."},"table":"press"}]}','203141502b6dbb16db01eba27581368dd9cfea026daca2baee72500890b27cec','4623e26052c89daaf5f0adf9e64ea3fc1a779e27345ded724562d8e1fd1ee5f0');
INSERT INTO "ledger" VALUES(23,'2026-11-22 02:10:00.003000','worker','AlertDelivered','f3a58yyjnmdwgt3phrtm','{"channel":"C0SECURITY","notice":30,"ts":"1795313400.003014"}','4623e26052c89daaf5f0adf9e64ea3fc1a779e27345ded724562d8e1fd1ee5f0','567cd3efe6efcdcc7a72d145a1c9d95b4e3d92eb91214de7aa2d75c45b14c9c9');
INSERT INTO "ledger" VALUES(24,'2026-11-22 02:10:00.004000','slack:T0ACME/U0ALAN','RequestOpened','suddxz7mgaavzmgq9cb2','{"rows":[{"id":"suddxz7mgaavzmgq9cb2","set":{"active_at":null,"asked_seconds":1800,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"suddxz7mgaavzmgq9cb2","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"orders-db","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:10:00.004000Z","round":0,"slack_user":"U0ALAN","stage":0,"state":"deciding","state_at":"2026-11-22T02:10:00.004000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','567cd3efe6efcdcc7a72d145a1c9d95b4e3d92eb91214de7aa2d75c45b14c9c9','65c4b7f809b6950825e02e4cb86434aed237bdca7debc59393e39bf092b98474');
INSERT INTO "ledger" VALUES(25,'2026-11-22 02:10:00.004000','policy','Decided','suddxz7mgaavzmgq9cb2','{"rows":[{"id":"suddxz7mgaavzmgq9cb2","set":{"decision":{"because":["alan@example.com is in group engineering"],"facts":[{"at":"2026-11-22T02:10:00.004000Z","by":null,"fact":"group:engineering","since":null,"source":"settings","value":"true"}],"rule":"engineering","verdict":"approve"},"duration_seconds":1800,"email":"alan@example.com","max_seconds":14400,"name":"Alan Turing","over_limit":false,"policy_digest":"sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661","subjects":[["orders-db","alan"]]},"table":"request"}],"rule":"engineering","verdict":"approve"}','65c4b7f809b6950825e02e4cb86434aed237bdca7debc59393e39bf092b98474','0a064c162d37434ea8707c07f98b06b493fbbb7e78d683f45ce49e5cc8f07927');
INSERT INTO "ledger" VALUES(26,'2026-11-22 02:10:00.004000','policy','ApprovalAsked','suddxz7mgaavzmgq9cb2','{"rows":[{"id":"suddxz7mgaavzmgq9cb2","set":{"decide_by":"2026-11-22T02:20:00.004000Z","plan":[[{"by":["group:leads"],"count":1,"remind_seconds":240,"within_seconds":600}]],"stage":1,"state":"pending","state_at":"2026-11-22T02:10:00.004000Z","step":1,"step_at":"2026-11-22T02:10:00.004000Z"},"table":"request"}],"stage":1,"step":1}','0a064c162d37434ea8707c07f98b06b493fbbb7e78d683f45ce49e5cc8f07927','fb5c34af866214a466f0d7e8085fd024ac81854c0ee61dbdf5742eba839c4f35');
INSERT INTO "ledger" VALUES(27,'2026-11-22 02:10:00.004000','worker','AlertDelivered','suddxz7mgaavzmgq9cb2','{"channel":"C0SECURITY","notice":38,"ts":"1795313400.004002"}','fb5c34af866214a466f0d7e8085fd024ac81854c0ee61dbdf5742eba839c4f35','b1d6be46e5bc632b62f6cf577b423e81c7a70527a6aadc1651aa57ae368aaff4');
INSERT INTO "ledger" VALUES(28,'2026-11-22 02:14:00.004000','clock','Reminded','suddxz7mgaavzmgq9cb2','{"people":["grace@example.com","heidi@example.com"]}','b1d6be46e5bc632b62f6cf577b423e81c7a70527a6aadc1651aa57ae368aaff4','d232666141509c3e25ae57b20f6187c713a5bcd0a7853628769950952571fee6');
INSERT INTO "ledger" VALUES(29,'2026-11-22 02:20:00.004000','clock','RequestTimedOut','suddxz7mgaavzmgq9cb2','{"because":"timed_out","reason":"Nobody with the right to decide answered in time.","rows":[{"id":"suddxz7mgaavzmgq9cb2","set":{"ended_at":"2026-11-22T02:20:00.004000Z","ended_because":"timed_out","ended_by":"clock","ended_reason":"Nobody with the right to decide answered in time.","state":"timed_out","state_at":"2026-11-22T02:20:00.004000Z"},"table":"request"}]}','d232666141509c3e25ae57b20f6187c713a5bcd0a7853628769950952571fee6','1fbd4021f6a8201c3444717c39f042ccc4a7b3943bc1ec0ce2533d861dc94463');
INSERT INTO "ledger" VALUES(30,'2026-11-22 02:20:00.004000','worker','AlertDelivered','suddxz7mgaavzmgq9cb2','{"channel":"C0SECURITY","notice":48,"ts":"1795314000.004006"}','1fbd4021f6a8201c3444717c39f042ccc4a7b3943bc1ec0ce2533d861dc94463','1f0a7f2edeaf91aca02b4e1b20c77ed716d5b7d5ca263ffa1949a65534f81a86');
INSERT INTO "ledger" VALUES(31,'2026-11-22 02:20:00.005000','slack:T0ACME/U0ADA','RequestOpened','wh9gnrugrbc96kgh3kp3','{"rows":[{"id":"wh9gnrugrbc96kgh3kp3","set":{"active_at":null,"asked_seconds":300,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"wh9gnrugrbc96kgh3kp3","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"reading","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:20:00.005000Z","round":0,"slack_user":"U0ADA","stage":0,"state":"deciding","state_at":"2026-11-22T02:20:00.005000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','1f0a7f2edeaf91aca02b4e1b20c77ed716d5b7d5ca263ffa1949a65534f81a86','511b59a75b05f271b1ad0cc1559235c6c6b626d0f03879d5ae87a536f76db876');
INSERT INTO "ledger" VALUES(32,'2026-11-22 02:20:00.005000','slack','PersonBound',NULL,'{"person":"T0ACME:U0ADA","rows":[{"id":"T0ACME:U0ADA","set":{"accept_asked_by":null,"bound_at":"2026-11-22T02:20:00.005000Z","email":"ada@example.com","frozen_at":null,"id":"T0ACME:U0ADA","proposed_email":null,"slack_user":"U0ADA","team":"T0ACME"},"table":"person"}]}','511b59a75b05f271b1ad0cc1559235c6c6b626d0f03879d5ae87a536f76db876','063eba2a71d597cb94baf4b5ef0827a050dff16c780f1637352586451a0e704e');
INSERT INTO "ledger" VALUES(33,'2026-11-22 02:20:00.005000','policy','Decided','wh9gnrugrbc96kgh3kp3','{"rule":"engineering","verdict":"grant"}','063eba2a71d597cb94baf4b5ef0827a050dff16c780f1637352586451a0e704e','7c2ff1b16c084347803bddafb1cfc8bf6c5ba2355f1e9491e90479442f8a79de');
INSERT INTO "ledger" VALUES(34,'2026-11-22 02:20:00.005000','policy','GrantPlanned','wh9gnrugrbc96kgh3kp3','{"rows":[{"id":"wh9gnrugrbc96kgh3kp3","set":{"confirm_by":null,"confirm_due":null,"decide_by":null,"decision":{"because":["ada@example.com is in group engineering"],"facts":[{"at":"2026-11-22T02:20:00.005000Z","by":null,"fact":"group:engineering","since":null,"source":"settings","value":"true"}],"rule":"engineering","verdict":"grant"},"duration_seconds":300,"email":"ada@example.com","ends_at":"2026-11-22T02:25:00.005000Z","granted_at":"2026-11-22T02:20:00.005000Z","max_seconds":14400,"name":"Ada Lovelace","over_limit":false,"plan":null,"policy_digest":"sha256:3625bf26d8ca92ec565d105f5b69d56c5b79ba1beddd90aab2af492943eeade5","state":"granting","state_at":"2026-11-22T02:20:00.005000Z","subjects":[["orders-db","ada"]]},"table":"request"},{"id":"qsw57ckufnp4tvpvwqv3","set":{"access":{"role":"incident_reader"},"already_had":false,"connector":"orders-db","ends_at":"2026-11-22T02:25:00.005000Z","expiry":"worker","granted_at":null,"hold_id":"f98312541302ad6eef2ccb3680156451","id":"qsw57ckufnp4tvpvwqv3","left_because":null,"left_behind":null,"n":0,"planned_at":"2026-11-22T02:20:00.005000Z","receipt":null,"request_id":"wh9gnrugrbc96kgh3kp3","revoke_verified_at":null,"revoked_at":null,"sessions":null,"state":"planned","subject":"ada","verified_at":null},"table":"grant"}],"rule":"engineering"}','7c2ff1b16c084347803bddafb1cfc8bf6c5ba2355f1e9491e90479442f8a79de','bac2cf1820f662440aef5301dfe35d5ec0d4a5baa92cef68b85aaa367b17175d');
INSERT INTO "ledger" VALUES(35,'2026-11-22 02:20:00.005000','worker','GrantBegun','wh9gnrugrbc96kgh3kp3','{"grant":"qsw57ckufnp4tvpvwqv3","rows":[{"id":"qsw57ckufnp4tvpvwqv3","set":{"state":"granting"},"table":"grant"}]}','bac2cf1820f662440aef5301dfe35d5ec0d4a5baa92cef68b85aaa367b17175d','3c917bbcf57afe4b195de3939b18b677d4ef854a574b9a3bfa9aa0d257d496c0');
INSERT INTO "ledger" VALUES(36,'2026-11-22 02:20:00.005000','worker','GrantVerified','wh9gnrugrbc96kgh3kp3','{"grant":"qsw57ckufnp4tvpvwqv3","rows":[{"id":"qsw57ckufnp4tvpvwqv3","set":{"granted_at":"2026-11-22T02:20:00.005000Z","receipt":{"role_oid":16391,"subject_oid":16385,"xid":771},"state":"active","verified_at":"2026-11-22T02:20:00.005000Z"},"table":"grant"}]}','3c917bbcf57afe4b195de3939b18b677d4ef854a574b9a3bfa9aa0d257d496c0','f9219250a677b8170490252f000a6c2b3db133a75337dcc8f18585749d1a4114');
INSERT INTO "ledger" VALUES(37,'2026-11-22 02:20:00.005000','worker','RequestActive','wh9gnrugrbc96kgh3kp3','{"rows":[{"id":"wh9gnrugrbc96kgh3kp3","set":{"active_at":"2026-11-22T02:20:00.005000Z","state":"active","state_at":"2026-11-22T02:20:00.005000Z"},"table":"request"}]}','f9219250a677b8170490252f000a6c2b3db133a75337dcc8f18585749d1a4114','8e5da15ed86f8ea0c98598ada0735c35d1fb8abb3810920716dfbe70755f9929');
INSERT INTO "ledger" VALUES(38,'2026-11-22 02:20:00.005000','worker','AlertDelivered','wh9gnrugrbc96kgh3kp3','{"channel":"C0SECURITY","notice":55,"ts":"1795314000.005002"}','8e5da15ed86f8ea0c98598ada0735c35d1fb8abb3810920716dfbe70755f9929','725e57ac28b2cc35140ecd4f41a6e755a9a59b26059c62e7cdee223354b83d23');
INSERT INTO "ledger" VALUES(39,'2026-11-22 02:25:00.005000','clock','EndBegun','wh9gnrugrbc96kgh3kp3','{"because":"expired","reason":null,"rows":[{"id":"wh9gnrugrbc96kgh3kp3","set":{"decide_by":null,"ended_because":"expired","ended_by":"clock","ended_reason":null,"plan":null,"state":"revoking","state_at":"2026-11-22T02:25:00.005000Z"},"table":"request"},{"id":"qsw57ckufnp4tvpvwqv3","set":{"state":"revoking"},"table":"grant"}]}','725e57ac28b2cc35140ecd4f41a6e755a9a59b26059c62e7cdee223354b83d23','ce68b39af8483e8ae2fcdbcb026bb338cf8c84ea062de283164649288f66cfe6');
INSERT INTO "ledger" VALUES(40,'2026-11-22 02:25:00.005000','worker','GrantRevoked','wh9gnrugrbc96kgh3kp3','{"grant":"qsw57ckufnp4tvpvwqv3","rows":[{"id":"qsw57ckufnp4tvpvwqv3","set":{"left_behind":[],"revoke_verified_at":"2026-11-22T02:25:00.005000Z","revoked_at":"2026-11-22T02:25:00.005000Z","sessions":"none","state":"revoked"},"table":"grant"}]}','ce68b39af8483e8ae2fcdbcb026bb338cf8c84ea062de283164649288f66cfe6','68517ee9ca7053aa47659b63f45628986894413974c146c120083be52443c45a');
INSERT INTO "ledger" VALUES(41,'2026-11-22 02:25:00.005000','worker','RequestEnded','wh9gnrugrbc96kgh3kp3','{"because":"expired","rows":[{"id":"wh9gnrugrbc96kgh3kp3","set":{"ended_at":"2026-11-22T02:25:00.005000Z","state":"revoked","state_at":"2026-11-22T02:25:00.005000Z"},"table":"request"}]}','68517ee9ca7053aa47659b63f45628986894413974c146c120083be52443c45a','d2da9cad8aaffabd5e314e566327576c21a60895d2d2846da1f8c7fd5fc464dc');
INSERT INTO "ledger" VALUES(42,'2026-11-22 02:25:00.005000','worker','AlertDelivered','wh9gnrugrbc96kgh3kp3','{"channel":"C0SECURITY","notice":61,"ts":"1795314300.005003"}','d2da9cad8aaffabd5e314e566327576c21a60895d2d2846da1f8c7fd5fc464dc','94047a1e9ba18ccd4ddbc5a777095e4c9cc637c6feb9d45dc505bb9ecccacf5b');
INSERT INTO "ledger" VALUES(43,'2026-11-22 02:25:00.006000','slack:T0ACME/U0HEIDI','RequestOpened','ydp97dgevjsyy449whrd','{"rows":[{"id":"ydp97dgevjsyy449whrd","set":{"active_at":null,"asked_seconds":1800,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"ydp97dgevjsyy449whrd","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"reading","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:25:00.006000Z","round":0,"slack_user":"U0HEIDI","stage":0,"state":"deciding","state_at":"2026-11-22T02:25:00.006000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','94047a1e9ba18ccd4ddbc5a777095e4c9cc637c6feb9d45dc505bb9ecccacf5b','f3119bdb4d8a4ec135bd00472c30f7d797638a5f4ab82243a85fc2576d425101');
INSERT INTO "ledger" VALUES(44,'2026-11-22 02:25:00.006000','policy','Decided','ydp97dgevjsyy449whrd','{"rule":"engineering","verdict":"grant"}','f3119bdb4d8a4ec135bd00472c30f7d797638a5f4ab82243a85fc2576d425101','94611b24728c1b681c4a684b251a88167f4d990463afdf4d12aaada59d54a72e');
INSERT INTO "ledger" VALUES(45,'2026-11-22 02:25:00.006000','policy','GrantPlanned','ydp97dgevjsyy449whrd','{"rows":[{"id":"ydp97dgevjsyy449whrd","set":{"confirm_by":null,"confirm_due":null,"decide_by":null,"decision":{"because":["heidi@example.com is in group engineering"],"facts":[{"at":"2026-11-22T02:25:00.006000Z","by":null,"fact":"group:engineering","since":null,"source":"settings","value":"true"}],"rule":"engineering","verdict":"grant"},"duration_seconds":1800,"email":"heidi@example.com","ends_at":"2026-11-22T02:55:00.006000Z","granted_at":"2026-11-22T02:25:00.006000Z","max_seconds":14400,"name":"Heidi Lamarr","over_limit":false,"plan":null,"policy_digest":"sha256:3625bf26d8ca92ec565d105f5b69d56c5b79ba1beddd90aab2af492943eeade5","state":"granting","state_at":"2026-11-22T02:25:00.006000Z","subjects":[["orders-db","heidi"]]},"table":"request"},{"id":"njsfz9kh3cpgpj9jh754","set":{"access":{"role":"incident_reader"},"already_had":false,"connector":"orders-db","ends_at":"2026-11-22T02:55:00.006000Z","expiry":"worker","granted_at":null,"hold_id":"c7addbe89c05f74e3b21a19ba0ee0e12","id":"njsfz9kh3cpgpj9jh754","left_because":null,"left_behind":null,"n":0,"planned_at":"2026-11-22T02:25:00.006000Z","receipt":null,"request_id":"ydp97dgevjsyy449whrd","revoke_verified_at":null,"revoked_at":null,"sessions":null,"state":"planned","subject":"heidi","verified_at":null},"table":"grant"}],"rule":"engineering"}','94611b24728c1b681c4a684b251a88167f4d990463afdf4d12aaada59d54a72e','632dc90691e70715b08ced1847874aa62c5b34bbcf4df1f5fd311521de288dff');
INSERT INTO "ledger" VALUES(46,'2026-11-22 02:31:00.006000','worker','EndBegun','ydp97dgevjsyy449whrd','{"because":"failed","reason":"orders-db could not give it within 5 minutes.","rows":[{"id":"njsfz9kh3cpgpj9jh754","set":{"state":"failed"},"table":"grant"},{"id":"ydp97dgevjsyy449whrd","set":{"decide_by":null,"ended_at":"2026-11-22T02:31:00.006000Z","ended_because":"failed","ended_by":"worker","ended_reason":"orders-db could not give it within 5 minutes.","plan":null,"state":"failed","state_at":"2026-11-22T02:31:00.006000Z"},"table":"request"}]}','632dc90691e70715b08ced1847874aa62c5b34bbcf4df1f5fd311521de288dff','95daf776f92f5b8630eac77bb9704d427aba5227ecac9aa3ae095b8d2b7c4c6d');
INSERT INTO "ledger" VALUES(47,'2026-11-22 02:31:00.006000','worker','AlertDelivered','ydp97dgevjsyy449whrd','{"channel":"C0SECURITY","notice":65,"ts":"1795314660.006001"}','95daf776f92f5b8630eac77bb9704d427aba5227ecac9aa3ae095b8d2b7c4c6d','5ceb52d9a75c14d66904a4a2f4b560e0ad43360af35ff0e8716e5ca4a8ebf352');
INSERT INTO "ledger" VALUES(48,'2026-11-22 02:31:00.007000','slack:T0ACME/U0GRACE','RequestOpened','r3rahpv6k228kczqemry','{"rows":[{"id":"r3rahpv6k228kczqemry","set":{"active_at":null,"asked_seconds":300,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"r3rahpv6k228kczqemry","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"reading","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:31:00.007000Z","round":0,"slack_user":"U0GRACE","stage":0,"state":"deciding","state_at":"2026-11-22T02:31:00.007000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','5ceb52d9a75c14d66904a4a2f4b560e0ad43360af35ff0e8716e5ca4a8ebf352','8a4c1efe4aab7fb66e12e93ed548e8a11938429fc9af2727082ff61975b9edb2');
INSERT INTO "ledger" VALUES(49,'2026-11-22 02:31:00.007000','slack','PersonBound',NULL,'{"person":"T0ACME:U0GRACE","rows":[{"id":"T0ACME:U0GRACE","set":{"accept_asked_by":null,"bound_at":"2026-11-22T02:31:00.007000Z","email":"grace@example.com","frozen_at":null,"id":"T0ACME:U0GRACE","proposed_email":null,"slack_user":"U0GRACE","team":"T0ACME"},"table":"person"}]}','8a4c1efe4aab7fb66e12e93ed548e8a11938429fc9af2727082ff61975b9edb2','ce4c82b571e415fb36a589455090770cec5716f7b2a203f71916d9e69d14ac1e');
INSERT INTO "ledger" VALUES(50,'2026-11-22 02:31:00.007000','policy','Decided','r3rahpv6k228kczqemry','{"rule":"engineering","verdict":"grant"}','ce4c82b571e415fb36a589455090770cec5716f7b2a203f71916d9e69d14ac1e','e9e532a3c6687fbcd7dafc157e8ac3dd74b7d9dff0186ffdc1d99659a1f304cd');
INSERT INTO "ledger" VALUES(51,'2026-11-22 02:31:00.007000','policy','GrantPlanned','r3rahpv6k228kczqemry','{"rows":[{"id":"r3rahpv6k228kczqemry","set":{"confirm_by":null,"confirm_due":null,"decide_by":null,"decision":{"because":["grace@example.com is in group engineering"],"facts":[{"at":"2026-11-22T02:31:00.007000Z","by":null,"fact":"group:engineering","since":null,"source":"settings","value":"true"}],"rule":"engineering","verdict":"grant"},"duration_seconds":300,"email":"grace@example.com","ends_at":"2026-11-22T02:36:00.007000Z","granted_at":"2026-11-22T02:31:00.007000Z","max_seconds":14400,"name":"Grace Hopper","over_limit":false,"plan":null,"policy_digest":"sha256:3625bf26d8ca92ec565d105f5b69d56c5b79ba1beddd90aab2af492943eeade5","state":"granting","state_at":"2026-11-22T02:31:00.007000Z","subjects":[["orders-db","grace"]]},"table":"request"},{"id":"e8uz3w54mndwpuygutg8","set":{"access":{"role":"incident_reader"},"already_had":false,"connector":"orders-db","ends_at":"2026-11-22T02:36:00.007000Z","expiry":"worker","granted_at":null,"hold_id":"6cbc43d880ffa191495034252cb3ba26","id":"e8uz3w54mndwpuygutg8","left_because":null,"left_behind":null,"n":0,"planned_at":"2026-11-22T02:31:00.007000Z","receipt":null,"request_id":"r3rahpv6k228kczqemry","revoke_verified_at":null,"revoked_at":null,"sessions":null,"state":"planned","subject":"grace","verified_at":null},"table":"grant"}],"rule":"engineering"}','e9e532a3c6687fbcd7dafc157e8ac3dd74b7d9dff0186ffdc1d99659a1f304cd','18e8d76d64a725bb000622eeae5ae6f9feea9a6951adc2a3e7c2518c0373f100');
INSERT INTO "ledger" VALUES(52,'2026-11-22 02:31:00.007000','worker','GrantBegun','r3rahpv6k228kczqemry','{"grant":"e8uz3w54mndwpuygutg8","rows":[{"id":"e8uz3w54mndwpuygutg8","set":{"state":"granting"},"table":"grant"}]}','18e8d76d64a725bb000622eeae5ae6f9feea9a6951adc2a3e7c2518c0373f100','15ac93a36b25283a30a05a3703b500bd1a2291adcb8d78e8da3ee212ad1484aa');
INSERT INTO "ledger" VALUES(53,'2026-11-22 02:31:00.007000','worker','GrantVerified','r3rahpv6k228kczqemry','{"grant":"e8uz3w54mndwpuygutg8","rows":[{"id":"e8uz3w54mndwpuygutg8","set":{"granted_at":"2026-11-22T02:31:00.007000Z","receipt":{"role_oid":16391,"subject_oid":16387,"xid":773},"state":"active","verified_at":"2026-11-22T02:31:00.007000Z"},"table":"grant"}]}','15ac93a36b25283a30a05a3703b500bd1a2291adcb8d78e8da3ee212ad1484aa','cefaf2960325f56bb6a22322a62b9a7a94a9ff6bad3dc7a4dbfb3334c465d77b');
INSERT INTO "ledger" VALUES(54,'2026-11-22 02:31:00.007000','worker','RequestActive','r3rahpv6k228kczqemry','{"rows":[{"id":"r3rahpv6k228kczqemry","set":{"active_at":"2026-11-22T02:31:00.007000Z","state":"active","state_at":"2026-11-22T02:31:00.007000Z"},"table":"request"}]}','cefaf2960325f56bb6a22322a62b9a7a94a9ff6bad3dc7a4dbfb3334c465d77b','2913e38126d0addfa7fcbb6a1db016155402c74f287feb4d4dbc84c575a8c075');
INSERT INTO "ledger" VALUES(55,'2026-11-22 02:31:00.007000','worker','AlertDelivered','r3rahpv6k228kczqemry','{"channel":"C0SECURITY","notice":69,"ts":"1795314660.007002"}','2913e38126d0addfa7fcbb6a1db016155402c74f287feb4d4dbc84c575a8c075','d2f9107553e913905a99f47364721e6bc827f90c837c6cb021faeb0dde8797f6');
INSERT INTO "ledger" VALUES(56,'2026-11-22 02:35:00.008000','slack:T0ACME/U0ADA','RequestOpened','mbq9bw77g8znqnsd47nm','{"rows":[{"id":"mbq9bw77g8znqnsd47nm","set":{"active_at":null,"asked_seconds":14400,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"mbq9bw77g8znqnsd47nm","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"orders-db","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:35:00.008000Z","round":0,"slack_user":"U0ADA","stage":0,"state":"deciding","state_at":"2026-11-22T02:35:00.008000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','d2f9107553e913905a99f47364721e6bc827f90c837c6cb021faeb0dde8797f6','5d1d48e306ecd46688617798969513f672aae5ab0f7a87918c5e5c58fb069a31');
INSERT INTO "ledger" VALUES(57,'2026-11-22 02:35:00.008000','policy','Decided','mbq9bw77g8znqnsd47nm','{"rule":"on call","verdict":"grant"}','5d1d48e306ecd46688617798969513f672aae5ab0f7a87918c5e5c58fb069a31','fdb000b53fdca266f9f87b002955397c27a68cb6a52e79b6e80a5aad6daf0bdc');
INSERT INTO "ledger" VALUES(58,'2026-11-22 02:35:00.008000','policy','GrantPlanned','mbq9bw77g8znqnsd47nm','{"rows":[{"id":"mbq9bw77g8znqnsd47nm","set":{"confirm_by":null,"confirm_due":null,"decide_by":null,"decision":{"because":["ada@example.com is on call in sre-primary at level 1"],"facts":[{"at":"2026-11-22T02:35:00.008000Z","by":null,"fact":"on_call:sre-primary","since":null,"source":"settings","value":"true"}],"rule":"on call","verdict":"grant"},"duration_seconds":14400,"email":"ada@example.com","ends_at":"2026-11-22T06:35:00.008000Z","granted_at":"2026-11-22T02:35:00.008000Z","max_seconds":14400,"name":"Ada Lovelace","over_limit":false,"plan":null,"policy_digest":"sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661","state":"granting","state_at":"2026-11-22T02:35:00.008000Z","subjects":[["orders-db","ada"]]},"table":"request"},{"id":"x8xzywr79yu9tvq866qb","set":{"access":{"role":"incident_writer"},"already_had":false,"connector":"orders-db","ends_at":"2026-11-22T06:35:00.008000Z","expiry":"worker","granted_at":null,"hold_id":"66d9953b2b2839cff1b40197b6120132","id":"x8xzywr79yu9tvq866qb","left_because":null,"left_behind":null,"n":0,"planned_at":"2026-11-22T02:35:00.008000Z","receipt":null,"request_id":"mbq9bw77g8znqnsd47nm","revoke_verified_at":null,"revoked_at":null,"sessions":null,"state":"planned","subject":"ada","verified_at":null},"table":"grant"}],"rule":"on call"}','fdb000b53fdca266f9f87b002955397c27a68cb6a52e79b6e80a5aad6daf0bdc','0f8eaebacb833e102b23e57d2c89dc0f2126cbffd38fc21a52b1593578b72863');
INSERT INTO "ledger" VALUES(59,'2026-11-22 02:35:00.008000','worker','GrantBegun','mbq9bw77g8znqnsd47nm','{"grant":"x8xzywr79yu9tvq866qb","rows":[{"id":"x8xzywr79yu9tvq866qb","set":{"state":"granting"},"table":"grant"}]}','0f8eaebacb833e102b23e57d2c89dc0f2126cbffd38fc21a52b1593578b72863','51d73dfa2a705de2bbaba063a8d3f4d96528936ebb4bdaf51aad7d40de9f78fa');
INSERT INTO "ledger" VALUES(60,'2026-11-22 02:35:00.008000','worker','GrantVerified','mbq9bw77g8znqnsd47nm','{"grant":"x8xzywr79yu9tvq866qb","rows":[{"id":"x8xzywr79yu9tvq866qb","set":{"granted_at":"2026-11-22T02:35:00.008000Z","receipt":{"role_oid":16392,"subject_oid":16385,"xid":774},"state":"active","verified_at":"2026-11-22T02:35:00.008000Z"},"table":"grant"}]}','51d73dfa2a705de2bbaba063a8d3f4d96528936ebb4bdaf51aad7d40de9f78fa','32aa5a76fbaf04cd479d0d0afe72abdf8cb68309b1b8af3115a250015e1c3ac3');
INSERT INTO "ledger" VALUES(61,'2026-11-22 02:35:00.008000','worker','RequestActive','mbq9bw77g8znqnsd47nm','{"rows":[{"id":"mbq9bw77g8znqnsd47nm","set":{"active_at":"2026-11-22T02:35:00.008000Z","state":"active","state_at":"2026-11-22T02:35:00.008000Z"},"table":"request"}]}','32aa5a76fbaf04cd479d0d0afe72abdf8cb68309b1b8af3115a250015e1c3ac3','c4699580944001e2add3fe29661e90157ec7eec7f15958e0d71d221f4206d3d7');
INSERT INTO "ledger" VALUES(62,'2026-11-22 02:35:00.008000','worker','AlertDelivered','mbq9bw77g8znqnsd47nm','{"channel":"C0SECURITY","notice":73,"ts":"1795314900.008002"}','c4699580944001e2add3fe29661e90157ec7eec7f15958e0d71d221f4206d3d7','16cf0c7b5adea1dfa8190f8d04d3a03100a7d0ff32100df9fbb649d9c113c9b8');
INSERT INTO "ledger" VALUES(63,'2026-11-22 02:35:00.009000','slack:T0ACME/U0ALAN','RequestOpened','wzmx3xnyupnmryfe5cms','{"rows":[{"id":"wzmx3xnyupnmryfe5cms","set":{"active_at":null,"asked_seconds":7200,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"wzmx3xnyupnmryfe5cms","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"orders-db","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:35:00.009000Z","round":0,"slack_user":"U0ALAN","stage":0,"state":"deciding","state_at":"2026-11-22T02:35:00.009000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','16cf0c7b5adea1dfa8190f8d04d3a03100a7d0ff32100df9fbb649d9c113c9b8','d8303406c7e86d21185cfbbe9b75aa72fb38cabad0cea8b130719110ce0a0956');
INSERT INTO "ledger" VALUES(64,'2026-11-22 02:35:00.009000','policy','Decided','wzmx3xnyupnmryfe5cms','{"rows":[{"id":"wzmx3xnyupnmryfe5cms","set":{"decision":{"because":["alan@example.com is in group engineering"],"facts":[{"at":"2026-11-22T02:35:00.009000Z","by":null,"fact":"group:engineering","since":null,"source":"settings","value":"true"}],"rule":"engineering","verdict":"approve"},"duration_seconds":7200,"email":"alan@example.com","max_seconds":14400,"name":"Alan Turing","over_limit":false,"policy_digest":"sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661","subjects":[["orders-db","alan"]]},"table":"request"}],"rule":"engineering","verdict":"approve"}','d8303406c7e86d21185cfbbe9b75aa72fb38cabad0cea8b130719110ce0a0956','2bc7fdf1a7a6d9b815add6cc60261cfaf97e3cca917ce824f99c6407e9211a72');
INSERT INTO "ledger" VALUES(65,'2026-11-22 02:35:00.009000','policy','ApprovalAsked','wzmx3xnyupnmryfe5cms','{"rows":[{"id":"wzmx3xnyupnmryfe5cms","set":{"decide_by":"2026-11-22T02:45:00.009000Z","plan":[[{"by":["group:leads"],"count":1,"remind_seconds":240,"within_seconds":600}]],"stage":1,"state":"pending","state_at":"2026-11-22T02:35:00.009000Z","step":1,"step_at":"2026-11-22T02:35:00.009000Z"},"table":"request"}],"stage":1,"step":1}','2bc7fdf1a7a6d9b815add6cc60261cfaf97e3cca917ce824f99c6407e9211a72','d15a5442e345d2909973622ce79ab9d3d3988fb7ccd2ebc1ac271eb481c1c8fa');
INSERT INTO "ledger" VALUES(66,'2026-11-22 02:35:00.009000','worker','AlertDelivered','wzmx3xnyupnmryfe5cms','{"channel":"C0SECURITY","notice":77,"ts":"1795314900.009002"}','d15a5442e345d2909973622ce79ab9d3d3988fb7ccd2ebc1ac271eb481c1c8fa','001c2fd97a0548d56820cc660038d008f39058639e582f89cf57cae63cc4529d');
INSERT INTO "ledger" VALUES(67,'2026-11-22 02:36:00.010000','slack:T0ACME/U0HEIDI','RequestOpened','ggmtzmazru6va7grckwc','{"rows":[{"id":"ggmtzmazru6va7grckwc","set":{"active_at":null,"asked_seconds":3600,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"ggmtzmazru6va7grckwc","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"reading","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:36:00.010000Z","round":0,"slack_user":"U0HEIDI","stage":0,"state":"deciding","state_at":"2026-11-22T02:36:00.010000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','001c2fd97a0548d56820cc660038d008f39058639e582f89cf57cae63cc4529d','8c3cc40b7a7707fd4667c34943fb22c53563c717c82e90f3b48bb48adda2dc5e');
INSERT INTO "ledger" VALUES(68,'2026-11-22 02:36:00.010000','policy','Decided','ggmtzmazru6va7grckwc','{"rule":"engineering","verdict":"grant"}','8c3cc40b7a7707fd4667c34943fb22c53563c717c82e90f3b48bb48adda2dc5e','72c950e13e1f04207580bba961d71e2c50f8b503f1937ed4ee4b2379acacafb2');
INSERT INTO "ledger" VALUES(69,'2026-11-22 02:36:00.010000','policy','GrantPlanned','ggmtzmazru6va7grckwc','{"rows":[{"id":"ggmtzmazru6va7grckwc","set":{"confirm_by":null,"confirm_due":null,"decide_by":null,"decision":{"because":["heidi@example.com is in group engineering"],"facts":[{"at":"2026-11-22T02:36:00.010000Z","by":null,"fact":"group:engineering","since":null,"source":"settings","value":"true"}],"rule":"engineering","verdict":"grant"},"duration_seconds":3600,"email":"heidi@example.com","ends_at":"2026-11-22T03:36:00.010000Z","granted_at":"2026-11-22T02:36:00.010000Z","max_seconds":14400,"name":"Heidi Lamarr","over_limit":false,"plan":null,"policy_digest":"sha256:3625bf26d8ca92ec565d105f5b69d56c5b79ba1beddd90aab2af492943eeade5","state":"granting","state_at":"2026-11-22T02:36:00.010000Z","subjects":[["orders-db","heidi"]]},"table":"request"},{"id":"7j6eddyehcbexnsqcrgk","set":{"access":{"role":"incident_reader"},"already_had":false,"connector":"orders-db","ends_at":"2026-11-22T03:36:00.010000Z","expiry":"worker","granted_at":null,"hold_id":"c7addbe89c05f74e3b21a19ba0ee0e12","id":"7j6eddyehcbexnsqcrgk","left_because":null,"left_behind":null,"n":0,"planned_at":"2026-11-22T02:36:00.010000Z","receipt":null,"request_id":"ggmtzmazru6va7grckwc","revoke_verified_at":null,"revoked_at":null,"sessions":null,"state":"planned","subject":"heidi","verified_at":null},"table":"grant"}],"rule":"engineering"}','72c950e13e1f04207580bba961d71e2c50f8b503f1937ed4ee4b2379acacafb2','f65d6743ed9a08b9ca1a96b96a4898f1a0b1b8d709e5bd29935f1092b230fad7');
INSERT INTO "ledger" VALUES(70,'2026-11-22 02:36:00.010000','clock','EndBegun','r3rahpv6k228kczqemry','{"because":"expired","reason":null,"rows":[{"id":"r3rahpv6k228kczqemry","set":{"decide_by":null,"ended_because":"expired","ended_by":"clock","ended_reason":null,"plan":null,"state":"revoking","state_at":"2026-11-22T02:36:00.010000Z"},"table":"request"},{"id":"e8uz3w54mndwpuygutg8","set":{"state":"revoking"},"table":"grant"}]}','f65d6743ed9a08b9ca1a96b96a4898f1a0b1b8d709e5bd29935f1092b230fad7','b00d41caebf559325faa9b8426c3347af9becd191369ca8331ad6f925e21e58d');
INSERT INTO "ledger" VALUES(71,'2026-11-22 02:36:00.010000','worker','RevokeAttemptFailed','r3rahpv6k228kczqemry','{"error":"orders-db has no database of the DSN''s name, or the bot may not connect to it","grant":"e8uz3w54mndwpuygutg8"}','b00d41caebf559325faa9b8426c3347af9becd191369ca8331ad6f925e21e58d','4107c3fcb5db138774d8cf23e08a8b4aae2f926e699a544762bb99f0cb35a232');
INSERT INTO "ledger" VALUES(72,'2026-11-22 02:36:00.011000','slack:T0ACME/U0ADA','RequestOpened','eytr28efq92v8w7h23re','{"rows":[{"id":"eytr28efq92v8w7h23re","set":{"active_at":null,"asked_seconds":1800,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"eytr28efq92v8w7h23re","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"reading","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:36:00.011000Z","round":0,"slack_user":"U0ADA","stage":0,"state":"deciding","state_at":"2026-11-22T02:36:00.011000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','4107c3fcb5db138774d8cf23e08a8b4aae2f926e699a544762bb99f0cb35a232','015e62e6354b4340e2832e621a9bb31681f64d6526ea67138a96a9758771dfc9');
CREATE TABLE ledger_head (
	id INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	hash VARCHAR NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "ledger_head" VALUES(1,72,'015e62e6354b4340e2832e621a9bb31681f64d6526ea67138a96a9758771dfc9');
CREATE TABLE message (
	slot VARCHAR NOT NULL, 
	channel VARCHAR NOT NULL, 
	ts VARCHAR NOT NULL, 
	PRIMARY KEY (slot)
);
INSERT INTO "message" VALUES('status:wmfqjg8ghme8qpmd947g','D0DMMALLORY','1795313400.001001');
INSERT INTO "message" VALUES('card:wmfqjg8ghme8qpmd947g:C0SECURITY','C0SECURITY','1795313400.001002');
INSERT INTO "message" VALUES('status:s4db5aszpkayspqkgat3','D0DM0ALAN','1795313400.002001');
INSERT INTO "message" VALUES('card:s4db5aszpkayspqkgat3:C0SECURITY','C0SECURITY','1795313400.002002');
INSERT INTO "message" VALUES('ask:s4db5aszpkayspqkgat3:0:C0APPROVALS','C0APPROVALS','1795313400.002003');
INSERT INTO "message" VALUES('ask:s4db5aszpkayspqkgat3:0:to:grace@example.com','D0DMGRACE','1795313400.002004');
INSERT INTO "message" VALUES('ask:s4db5aszpkayspqkgat3:0:to:heidi@example.com','D0DMHEIDI','1795313400.002005');
INSERT INTO "message" VALUES('status:f3a58yyjnmdwgt3phrtm','D0DM0ALAN','1795313400.003001');
INSERT INTO "message" VALUES('card:f3a58yyjnmdwgt3phrtm:C0SECURITY','C0SECURITY','1795313400.003002');
INSERT INTO "message" VALUES('ask:f3a58yyjnmdwgt3phrtm:0:C0APPROVALS','C0APPROVALS','1795313400.003003');
INSERT INTO "message" VALUES('ask:f3a58yyjnmdwgt3phrtm:0:to:grace@example.com','D0DMGRACE','1795313400.003004');
INSERT INTO "message" VALUES('ask:f3a58yyjnmdwgt3phrtm:0:to:heidi@example.com','D0DMHEIDI','1795313400.003005');
INSERT INTO "message" VALUES('status:suddxz7mgaavzmgq9cb2','D0DM0ALAN','1795313400.004001');
INSERT INTO "message" VALUES('card:suddxz7mgaavzmgq9cb2:C0SECURITY','C0SECURITY','1795313400.004002');
INSERT INTO "message" VALUES('ask:suddxz7mgaavzmgq9cb2:0:C0APPROVALS','C0APPROVALS','1795313400.004003');
INSERT INTO "message" VALUES('ask:suddxz7mgaavzmgq9cb2:0:to:grace@example.com','D0DMGRACE','1795313400.004004');
INSERT INTO "message" VALUES('ask:suddxz7mgaavzmgq9cb2:0:to:heidi@example.com','D0DMHEIDI','1795313400.004005');
INSERT INTO "message" VALUES('status:wh9gnrugrbc96kgh3kp3','D0DM00ADA','1795314000.005001');
INSERT INTO "message" VALUES('card:wh9gnrugrbc96kgh3kp3:C0SECURITY','C0SECURITY','1795314000.005002');
INSERT INTO "message" VALUES('status:ydp97dgevjsyy449whrd','D0DMHEIDI','1795314660.006000');
INSERT INTO "message" VALUES('card:ydp97dgevjsyy449whrd:C0SECURITY','C0SECURITY','1795314660.006001');
INSERT INTO "message" VALUES('status:r3rahpv6k228kczqemry','D0DMGRACE','1795314660.007001');
INSERT INTO "message" VALUES('card:r3rahpv6k228kczqemry:C0SECURITY','C0SECURITY','1795314660.007002');
INSERT INTO "message" VALUES('status:mbq9bw77g8znqnsd47nm','D0DM00ADA','1795314900.008001');
INSERT INTO "message" VALUES('card:mbq9bw77g8znqnsd47nm:C0SECURITY','C0SECURITY','1795314900.008002');
INSERT INTO "message" VALUES('status:wzmx3xnyupnmryfe5cms','D0DM0ALAN','1795314900.009001');
INSERT INTO "message" VALUES('card:wzmx3xnyupnmryfe5cms:C0SECURITY','C0SECURITY','1795314900.009002');
INSERT INTO "message" VALUES('ask:wzmx3xnyupnmryfe5cms:0:C0APPROVALS','C0APPROVALS','1795314900.009003');
INSERT INTO "message" VALUES('ask:wzmx3xnyupnmryfe5cms:0:to:grace@example.com','D0DMGRACE','1795314900.009004');
INSERT INTO "message" VALUES('ask:wzmx3xnyupnmryfe5cms:0:to:heidi@example.com','D0DMHEIDI','1795314900.009005');
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
INSERT INTO "notice" VALUES(1,'dm:T0ACME:U0MALLORY',2,'hearing','wmfqjg8ghme8qpmd947g',NULL,'{}',NULL,'2026-11-22 02:10:00.001000','2026-11-22 02:10:00.701000',1,0,0,'2026-11-22 02:14:00.004000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(2,'dm:T0ACME:U0MALLORY',2,'waiting','wmfqjg8ghme8qpmd947g',NULL,'{}',NULL,'2026-11-22 02:10:00.001000','2026-11-22 02:10:05.001000',1,0,0,'2026-11-22 02:14:00.004000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(3,'dm:T0ACME:U0MALLORY',4,'status','wmfqjg8ghme8qpmd947g','status:wmfqjg8ghme8qpmd947g','{}',NULL,'2026-11-22 02:10:00.001000','2026-11-22 02:10:00.001000',1,0,0,'2026-11-22 02:10:00.001000','1795313400.001001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(4,'C0SECURITY',4,'card','wmfqjg8ghme8qpmd947g','card:wmfqjg8ghme8qpmd947g:C0SECURITY','{}','3·48055fc2','2026-11-22 02:10:00.001000','2026-11-22 02:10:00.001000',1,0,0,'2026-11-22 02:10:00.001000','1795313400.001002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(5,'dm:T0ACME:U0ALAN',2,'hearing','s4db5aszpkayspqkgat3',NULL,'{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.702000',1,0,0,'2026-11-22 02:14:00.004000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(6,'dm:T0ACME:U0ALAN',2,'waiting','s4db5aszpkayspqkgat3',NULL,'{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:05.002000',1,0,0,'2026-11-22 02:14:00.004000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(7,'dm:T0ACME:U0ALAN',2,'status','s4db5aszpkayspqkgat3','status:s4db5aszpkayspqkgat3','{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(8,'C0SECURITY',2,'card','s4db5aszpkayspqkgat3','card:s4db5aszpkayspqkgat3:C0SECURITY','{}','8·8cd80bc1','2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(9,'C0APPROVALS',2,'ask','s4db5aszpkayspqkgat3','ask:s4db5aszpkayspqkgat3:0:C0APPROVALS','{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002003',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(10,'to:grace@example.com',2,'ask','s4db5aszpkayspqkgat3','ask:s4db5aszpkayspqkgat3:0:to:grace@example.com','{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002004',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(11,'to:heidi@example.com',2,'ask','s4db5aszpkayspqkgat3','ask:s4db5aszpkayspqkgat3:0:to:heidi@example.com','{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002005',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(12,'dm:T0ACME:U0ALAN',3,'status','s4db5aszpkayspqkgat3','status:s4db5aszpkayspqkgat3','{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(13,'dm:T0ACME:U0ALAN',3,'line','s4db5aszpkayspqkgat3',NULL,'{"event": "denied", "by": "heidi@example.com", "reason": "Not tonight."}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002012',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(14,'C0SECURITY',3,'card','s4db5aszpkayspqkgat3','card:s4db5aszpkayspqkgat3:C0SECURITY','{}','14·66ff2c14','2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(15,'C0SECURITY',3,'event','s4db5aszpkayspqkgat3',NULL,'{"event": "denied", "by": "heidi@example.com", "reason": "Not tonight."}','14·66ff2c14','2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002014',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(16,'C0APPROVALS',2,'ask','s4db5aszpkayspqkgat3','ask:s4db5aszpkayspqkgat3:0:C0APPROVALS','{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002003',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(17,'to:grace@example.com',2,'ask','s4db5aszpkayspqkgat3','ask:s4db5aszpkayspqkgat3:0:to:grace@example.com','{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002004',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(18,'to:heidi@example.com',2,'ask','s4db5aszpkayspqkgat3','ask:s4db5aszpkayspqkgat3:0:to:heidi@example.com','{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002005',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(19,'dm:T0ACME:U0HEIDI',2,'outcome','s4db5aszpkayspqkgat3',NULL,'{"text": "Denied.", "channel": null}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002010',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(20,'dm:T0ACME:U0ALAN',2,'hearing','f3a58yyjnmdwgt3phrtm',NULL,'{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.703000',1,0,0,'2026-11-22 02:14:00.004000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(21,'dm:T0ACME:U0ALAN',2,'waiting','f3a58yyjnmdwgt3phrtm',NULL,'{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:05.003000',1,0,0,'2026-11-22 02:14:00.004000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(22,'dm:T0ACME:U0ALAN',2,'status','f3a58yyjnmdwgt3phrtm','status:f3a58yyjnmdwgt3phrtm','{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(23,'C0SECURITY',2,'card','f3a58yyjnmdwgt3phrtm','card:f3a58yyjnmdwgt3phrtm:C0SECURITY','{}','18·063001a6','2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(24,'C0APPROVALS',2,'ask','f3a58yyjnmdwgt3phrtm','ask:f3a58yyjnmdwgt3phrtm:0:C0APPROVALS','{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003003',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(25,'to:grace@example.com',2,'ask','f3a58yyjnmdwgt3phrtm','ask:f3a58yyjnmdwgt3phrtm:0:to:grace@example.com','{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003004',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(26,'to:heidi@example.com',2,'ask','f3a58yyjnmdwgt3phrtm','ask:f3a58yyjnmdwgt3phrtm:0:to:heidi@example.com','{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003005',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(27,'dm:T0ACME:U0ALAN',3,'status','f3a58yyjnmdwgt3phrtm','status:f3a58yyjnmdwgt3phrtm','{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(28,'dm:T0ACME:U0ALAN',3,'line','f3a58yyjnmdwgt3phrtm',NULL,'{"event": "cancelled", "by": "alan@example.com", "reason": null}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003012',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(29,'C0SECURITY',3,'card','f3a58yyjnmdwgt3phrtm','card:f3a58yyjnmdwgt3phrtm:C0SECURITY','{}','22·4623e260','2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(30,'C0SECURITY',3,'event','f3a58yyjnmdwgt3phrtm',NULL,'{"event": "cancelled", "by": "alan@example.com", "reason": null}','22·4623e260','2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003014',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(31,'C0APPROVALS',2,'ask','f3a58yyjnmdwgt3phrtm','ask:f3a58yyjnmdwgt3phrtm:0:C0APPROVALS','{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003003',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(32,'to:grace@example.com',2,'ask','f3a58yyjnmdwgt3phrtm','ask:f3a58yyjnmdwgt3phrtm:0:to:grace@example.com','{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003004',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(33,'to:heidi@example.com',2,'ask','f3a58yyjnmdwgt3phrtm','ask:f3a58yyjnmdwgt3phrtm:0:to:heidi@example.com','{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003005',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(34,'dm:T0ACME:U0ALAN',2,'outcome','f3a58yyjnmdwgt3phrtm',NULL,'{"text": "Cancelled.", "channel": "D0DM0ALAN"}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003010',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(35,'dm:T0ACME:U0ALAN',2,'hearing','suddxz7mgaavzmgq9cb2',NULL,'{}',NULL,'2026-11-22 02:10:00.004000','2026-11-22 02:10:00.704000',1,0,0,'2026-11-22 02:14:00.004000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(36,'dm:T0ACME:U0ALAN',2,'waiting','suddxz7mgaavzmgq9cb2',NULL,'{}',NULL,'2026-11-22 02:10:00.004000','2026-11-22 02:10:05.004000',1,0,0,'2026-11-22 02:14:00.004000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(37,'dm:T0ACME:U0ALAN',2,'status','suddxz7mgaavzmgq9cb2','status:suddxz7mgaavzmgq9cb2','{}',NULL,'2026-11-22 02:10:00.004000','2026-11-22 02:10:00.004000',1,0,0,'2026-11-22 02:10:00.004000','1795313400.004001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(38,'C0SECURITY',2,'card','suddxz7mgaavzmgq9cb2','card:suddxz7mgaavzmgq9cb2:C0SECURITY','{}','26·fb5c34af','2026-11-22 02:10:00.004000','2026-11-22 02:10:00.004000',1,0,0,'2026-11-22 02:10:00.004000','1795313400.004002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(39,'C0APPROVALS',2,'ask','suddxz7mgaavzmgq9cb2','ask:suddxz7mgaavzmgq9cb2:0:C0APPROVALS','{}',NULL,'2026-11-22 02:10:00.004000','2026-11-22 02:10:00.004000',1,0,0,'2026-11-22 02:10:00.004000','1795313400.004003',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(40,'to:grace@example.com',2,'ask','suddxz7mgaavzmgq9cb2','ask:suddxz7mgaavzmgq9cb2:0:to:grace@example.com','{}',NULL,'2026-11-22 02:10:00.004000','2026-11-22 02:10:00.004000',1,0,0,'2026-11-22 02:10:00.004000','1795313400.004004',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(41,'to:heidi@example.com',2,'ask','suddxz7mgaavzmgq9cb2','ask:suddxz7mgaavzmgq9cb2:0:to:heidi@example.com','{}',NULL,'2026-11-22 02:10:00.004000','2026-11-22 02:10:00.004000',1,0,0,'2026-11-22 02:10:00.004000','1795313400.004005',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(42,'C0APPROVALS',2,'reminder','suddxz7mgaavzmgq9cb2',NULL,'{}',NULL,'2026-11-22 02:14:00.004000','2026-11-22 02:14:00.004000',1,0,0,'2026-11-22 02:14:00.004000','1795313640.004000',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(43,'to:grace@example.com',2,'reminder','suddxz7mgaavzmgq9cb2',NULL,'{}',NULL,'2026-11-22 02:14:00.004000','2026-11-22 02:14:00.004000',1,0,0,'2026-11-22 02:14:00.004000','1795313640.004001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(44,'to:heidi@example.com',2,'reminder','suddxz7mgaavzmgq9cb2',NULL,'{}',NULL,'2026-11-22 02:14:00.004000','2026-11-22 02:14:00.004000',1,0,0,'2026-11-22 02:14:00.004000','1795313640.004002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(45,'dm:T0ACME:U0ALAN',3,'status','suddxz7mgaavzmgq9cb2','status:suddxz7mgaavzmgq9cb2','{}',NULL,'2026-11-22 02:20:00.004000','2026-11-22 02:20:00.004000',1,0,0,'2026-11-22 02:20:00.004000','1795313400.004001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(46,'dm:T0ACME:U0ALAN',3,'line','suddxz7mgaavzmgq9cb2',NULL,'{"event": "timed_out", "by": "clock", "reason": "Nobody with the right to decide answered in time."}',NULL,'2026-11-22 02:20:00.004000','2026-11-22 02:20:00.004000',1,0,0,'2026-11-22 02:20:00.004000','1795314000.004004',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(47,'C0SECURITY',3,'card','suddxz7mgaavzmgq9cb2','card:suddxz7mgaavzmgq9cb2:C0SECURITY','{}','29·1fbd4021','2026-11-22 02:20:00.004000','2026-11-22 02:20:00.004000',1,0,0,'2026-11-22 02:20:00.004000','1795313400.004002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(48,'C0SECURITY',3,'event','suddxz7mgaavzmgq9cb2',NULL,'{"event": "timed_out", "by": "clock", "reason": "Nobody with the right to decide answered in time."}','29·1fbd4021','2026-11-22 02:20:00.004000','2026-11-22 02:20:00.004000',1,0,0,'2026-11-22 02:20:00.004000','1795314000.004006',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(49,'C0APPROVALS',2,'ask','suddxz7mgaavzmgq9cb2','ask:suddxz7mgaavzmgq9cb2:0:C0APPROVALS','{}',NULL,'2026-11-22 02:20:00.004000','2026-11-22 02:20:00.004000',1,0,0,'2026-11-22 02:20:00.004000','1795313400.004003',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(50,'to:grace@example.com',2,'ask','suddxz7mgaavzmgq9cb2','ask:suddxz7mgaavzmgq9cb2:0:to:grace@example.com','{}',NULL,'2026-11-22 02:20:00.004000','2026-11-22 02:20:00.004000',1,0,0,'2026-11-22 02:20:00.004000','1795313400.004004',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(51,'to:heidi@example.com',2,'ask','suddxz7mgaavzmgq9cb2','ask:suddxz7mgaavzmgq9cb2:0:to:heidi@example.com','{}',NULL,'2026-11-22 02:20:00.004000','2026-11-22 02:20:00.004000',1,0,0,'2026-11-22 02:20:00.004000','1795313400.004005',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(52,'dm:T0ACME:U0ADA',2,'hearing','wh9gnrugrbc96kgh3kp3',NULL,'{}',NULL,'2026-11-22 02:20:00.005000','2026-11-22 02:20:00.705000',1,0,0,'2026-11-22 02:25:00.005000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(53,'dm:T0ACME:U0ADA',2,'waiting','wh9gnrugrbc96kgh3kp3',NULL,'{}',NULL,'2026-11-22 02:20:00.005000','2026-11-22 02:20:05.005000',1,0,0,'2026-11-22 02:25:00.005000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(54,'dm:T0ACME:U0ADA',1,'status','wh9gnrugrbc96kgh3kp3','status:wh9gnrugrbc96kgh3kp3','{}',NULL,'2026-11-22 02:20:00.005000','2026-11-22 02:20:00.005000',1,0,0,'2026-11-22 02:20:00.005000','1795314000.005001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(55,'C0SECURITY',1,'card','wh9gnrugrbc96kgh3kp3','card:wh9gnrugrbc96kgh3kp3:C0SECURITY','{}','37·8e5da15e','2026-11-22 02:20:00.005000','2026-11-22 02:20:00.005000',1,0,0,'2026-11-22 02:20:00.005000','1795314000.005002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(56,'dm:T0ACME:U0ADA',0,'status','wh9gnrugrbc96kgh3kp3','status:wh9gnrugrbc96kgh3kp3','{}',NULL,'2026-11-22 02:25:00.005000','2026-11-22 02:25:00.005000',1,0,0,'2026-11-22 02:25:00.005000','1795314000.005001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(57,'C0SECURITY',0,'card','wh9gnrugrbc96kgh3kp3','card:wh9gnrugrbc96kgh3kp3:C0SECURITY','{}','41·d2da9cad','2026-11-22 02:25:00.005000','2026-11-22 02:25:00.005000',1,0,0,'2026-11-22 02:25:00.005000','1795314000.005002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(58,'dm:T0ACME:U0ADA',0,'status','wh9gnrugrbc96kgh3kp3','status:wh9gnrugrbc96kgh3kp3','{}',NULL,'2026-11-22 02:25:00.005000','2026-11-22 02:25:00.005000',0,0,0,'2026-11-22 02:25:00.005000','1795314000.005001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(59,'dm:T0ACME:U0ADA',0,'line','wh9gnrugrbc96kgh3kp3',NULL,'{"event": "revoked", "by": "clock", "reason": null}',NULL,'2026-11-22 02:25:00.005000','2026-11-22 02:25:00.005000',1,0,0,'2026-11-22 02:25:00.005000','1795314300.005002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(60,'C0SECURITY',0,'card','wh9gnrugrbc96kgh3kp3','card:wh9gnrugrbc96kgh3kp3:C0SECURITY','{}','41·d2da9cad','2026-11-22 02:25:00.005000','2026-11-22 02:25:00.005000',0,0,0,'2026-11-22 02:25:00.005000','1795314000.005002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(61,'C0SECURITY',0,'event','wh9gnrugrbc96kgh3kp3',NULL,'{"event": "revoked", "by": "clock", "reason": null}','41·d2da9cad','2026-11-22 02:25:00.005000','2026-11-22 02:25:00.005000',1,0,0,'2026-11-22 02:25:00.005000','1795314300.005003',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(62,'dm:T0ACME:U0HEIDI',2,'hearing','ydp97dgevjsyy449whrd',NULL,'{}',NULL,'2026-11-22 02:25:00.006000','2026-11-22 02:25:00.706000',1,0,0,'2026-11-22 02:31:00.006000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(63,'dm:T0ACME:U0HEIDI',2,'waiting','ydp97dgevjsyy449whrd',NULL,'{}',NULL,'2026-11-22 02:25:00.006000','2026-11-22 02:25:05.006000',1,0,0,'2026-11-22 02:31:00.006000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(64,'dm:T0ACME:U0HEIDI',0,'status','ydp97dgevjsyy449whrd','status:ydp97dgevjsyy449whrd','{}',NULL,'2026-11-22 02:31:00.006000','2026-11-22 02:31:00.006000',1,0,0,'2026-11-22 02:31:00.006000','1795314660.006000',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(65,'C0SECURITY',0,'card','ydp97dgevjsyy449whrd','card:ydp97dgevjsyy449whrd:C0SECURITY','{}','46·95daf776','2026-11-22 02:31:00.006000','2026-11-22 02:31:00.006000',1,0,0,'2026-11-22 02:31:00.006000','1795314660.006001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(66,'dm:T0ACME:U0GRACE',2,'hearing','r3rahpv6k228kczqemry',NULL,'{}',NULL,'2026-11-22 02:31:00.007000','2026-11-22 02:31:00.707000',1,0,0,'2026-11-22 02:35:00.008000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(67,'dm:T0ACME:U0GRACE',2,'waiting','r3rahpv6k228kczqemry',NULL,'{}',NULL,'2026-11-22 02:31:00.007000','2026-11-22 02:31:05.007000',1,0,0,'2026-11-22 02:35:00.008000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(68,'dm:T0ACME:U0GRACE',1,'status','r3rahpv6k228kczqemry','status:r3rahpv6k228kczqemry','{}',NULL,'2026-11-22 02:31:00.007000','2026-11-22 02:31:00.007000',1,0,0,'2026-11-22 02:31:00.007000','1795314660.007001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(69,'C0SECURITY',1,'card','r3rahpv6k228kczqemry','card:r3rahpv6k228kczqemry:C0SECURITY','{}','54·2913e381','2026-11-22 02:31:00.007000','2026-11-22 02:31:00.007000',1,0,0,'2026-11-22 02:31:00.007000','1795314660.007002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(70,'dm:T0ACME:U0ADA',2,'hearing','mbq9bw77g8znqnsd47nm',NULL,'{}',NULL,'2026-11-22 02:35:00.008000','2026-11-22 02:35:00.708000',0,0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(71,'dm:T0ACME:U0ADA',2,'waiting','mbq9bw77g8znqnsd47nm',NULL,'{}',NULL,'2026-11-22 02:35:00.008000','2026-11-22 02:35:05.008000',0,0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(72,'dm:T0ACME:U0ADA',1,'status','mbq9bw77g8znqnsd47nm','status:mbq9bw77g8znqnsd47nm','{}',NULL,'2026-11-22 02:35:00.008000','2026-11-22 02:35:00.008000',1,0,0,'2026-11-22 02:35:00.008000','1795314900.008001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(73,'C0SECURITY',1,'card','mbq9bw77g8znqnsd47nm','card:mbq9bw77g8znqnsd47nm:C0SECURITY','{}','61·c4699580','2026-11-22 02:35:00.008000','2026-11-22 02:35:00.008000',1,0,0,'2026-11-22 02:35:00.008000','1795314900.008002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(74,'dm:T0ACME:U0ALAN',2,'hearing','wzmx3xnyupnmryfe5cms',NULL,'{}',NULL,'2026-11-22 02:35:00.009000','2026-11-22 02:35:00.709000',0,0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(75,'dm:T0ACME:U0ALAN',2,'waiting','wzmx3xnyupnmryfe5cms',NULL,'{}',NULL,'2026-11-22 02:35:00.009000','2026-11-22 02:35:05.009000',0,0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(76,'dm:T0ACME:U0ALAN',2,'status','wzmx3xnyupnmryfe5cms','status:wzmx3xnyupnmryfe5cms','{}',NULL,'2026-11-22 02:35:00.009000','2026-11-22 02:35:00.009000',1,0,0,'2026-11-22 02:35:00.009000','1795314900.009001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(77,'C0SECURITY',2,'card','wzmx3xnyupnmryfe5cms','card:wzmx3xnyupnmryfe5cms:C0SECURITY','{}','65·d15a5442','2026-11-22 02:35:00.009000','2026-11-22 02:35:00.009000',1,0,0,'2026-11-22 02:35:00.009000','1795314900.009002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(78,'C0APPROVALS',2,'ask','wzmx3xnyupnmryfe5cms','ask:wzmx3xnyupnmryfe5cms:0:C0APPROVALS','{}',NULL,'2026-11-22 02:35:00.009000','2026-11-22 02:35:00.009000',1,0,0,'2026-11-22 02:35:00.009000','1795314900.009003',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(79,'to:grace@example.com',2,'ask','wzmx3xnyupnmryfe5cms','ask:wzmx3xnyupnmryfe5cms:0:to:grace@example.com','{}',NULL,'2026-11-22 02:35:00.009000','2026-11-22 02:35:00.009000',1,0,0,'2026-11-22 02:35:00.009000','1795314900.009004',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(80,'to:heidi@example.com',2,'ask','wzmx3xnyupnmryfe5cms','ask:wzmx3xnyupnmryfe5cms:0:to:heidi@example.com','{}',NULL,'2026-11-22 02:35:00.009000','2026-11-22 02:35:00.009000',1,0,0,'2026-11-22 02:35:00.009000','1795314900.009005',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(81,'dm:T0ACME:U0HEIDI',2,'hearing','ggmtzmazru6va7grckwc',NULL,'{}',NULL,'2026-11-22 02:36:00.010000','2026-11-22 02:36:00.710000',0,0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(82,'dm:T0ACME:U0HEIDI',2,'waiting','ggmtzmazru6va7grckwc',NULL,'{}',NULL,'2026-11-22 02:36:00.010000','2026-11-22 02:36:05.010000',0,0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(83,'dm:T0ACME:U0GRACE',0,'status','r3rahpv6k228kczqemry','status:r3rahpv6k228kczqemry','{}',NULL,'2026-11-22 02:36:00.010000','2026-11-22 02:36:00.010000',0,0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(84,'C0SECURITY',0,'card','r3rahpv6k228kczqemry','card:r3rahpv6k228kczqemry:C0SECURITY','{}','70·b00d41ca','2026-11-22 02:36:00.010000','2026-11-22 02:36:00.010000',0,0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(85,'dm:T0ACME:U0ADA',2,'hearing','eytr28efq92v8w7h23re',NULL,'{}',NULL,'2026-11-22 02:36:00.011000','2026-11-22 02:36:00.711000',0,0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(86,'dm:T0ACME:U0ADA',2,'waiting','eytr28efq92v8w7h23re',NULL,'{}',NULL,'2026-11-22 02:36:00.011000','2026-11-22 02:36:05.011000',0,0,0,NULL,NULL,NULL,NULL,NULL);
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
INSERT INTO "press" VALUES('5nkkxzyc9myuxcaq4qzy','s4db5aszpkayspqkgat3',1,'deny','T0ACME','U0HEIDI','2026-11-22 02:10:00.002000','{"reason": "Not tonight."}','2026-11-22 02:10:00.002000','Denied.');
INSERT INTO "press" VALUES('4gvdg66jabe34d8can4m','f3a58yyjnmdwgt3phrtm',1,'cancel','T0ACME','U0ALAN','2026-11-22 02:10:00.003000','{"channel": "D0DM0ALAN"}','2026-11-22 02:10:00.003000','Cancelled.');
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
INSERT INTO "request" VALUES('wmfqjg8ghme8qpmd947g','T0ACME','U0MALLORY',NULL,'','orders-db',NULL,'refused','2026-11-22 02:10:00.001000','INC-1234 replica lag','INC-1234','2026-11-22 02:10:00.001000',1800,NULL,NULL,0,0,NULL,NULL,NULL,'{"verdict": "refuse", "rule": null, "because": ["Your Slack account is a guest; only full members can use this."], "facts": []}',0,NULL,0,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'refused','policy','Your Slack account is a guest; only full members can use this.','2026-11-22 02:10:00.001000');
INSERT INTO "request" VALUES('s4db5aszpkayspqkgat3','T0ACME','U0ALAN','alan@example.com','Alan Turing','orders-db','sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661','denied','2026-11-22 02:10:00.002000','INC-1234 replica lag','INC-1234','2026-11-22 02:10:00.002000',1800,1800,14400,0,0,NULL,NULL,NULL,'{"verdict": "approve", "rule": "engineering", "because": ["alan@example.com is in group engineering"], "facts": [{"fact": "group:engineering", "value": "true", "source": "settings", "at": "2026-11-22T02:10:00.002000Z", "since": null, "by": null}]}',0,'[["orders-db", "alan"]]',0,'[[{"by": ["group:leads"], "count": 1, "within_seconds": 600, "remind_seconds": 240}]]',1,1,'2026-11-22 02:10:00.002000','2026-11-22 02:20:00.002000',NULL,NULL,NULL,NULL,NULL,'denied','heidi@example.com','Not tonight.','2026-11-22 02:10:00.002000');
INSERT INTO "request" VALUES('f3a58yyjnmdwgt3phrtm','T0ACME','U0ALAN','alan@example.com','Alan Turing','orders-db','sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661','cancelled','2026-11-22 02:10:00.003000','INC-1234 replica lag','INC-1234','2026-11-22 02:10:00.003000',1800,1800,14400,0,0,NULL,NULL,NULL,'{"verdict": "approve", "rule": "engineering", "because": ["alan@example.com is in group engineering"], "facts": [{"fact": "group:engineering", "value": "true", "source": "settings", "at": "2026-11-22T02:10:00.003000Z", "since": null, "by": null}]}',0,'[["orders-db", "alan"]]',0,'[[{"by": ["group:leads"], "count": 1, "within_seconds": 600, "remind_seconds": 240}]]',1,1,'2026-11-22 02:10:00.003000','2026-11-22 02:20:00.003000',NULL,NULL,NULL,NULL,NULL,'cancelled','alan@example.com',NULL,'2026-11-22 02:10:00.003000');
INSERT INTO "request" VALUES('suddxz7mgaavzmgq9cb2','T0ACME','U0ALAN','alan@example.com','Alan Turing','orders-db','sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661','timed_out','2026-11-22 02:20:00.004000','INC-1234 replica lag','INC-1234','2026-11-22 02:10:00.004000',1800,1800,14400,0,0,NULL,NULL,NULL,'{"verdict": "approve", "rule": "engineering", "because": ["alan@example.com is in group engineering"], "facts": [{"fact": "group:engineering", "value": "true", "source": "settings", "at": "2026-11-22T02:10:00.004000Z", "since": null, "by": null}]}',0,'[["orders-db", "alan"]]',0,'[[{"by": ["group:leads"], "count": 1, "within_seconds": 600, "remind_seconds": 240}]]',1,1,'2026-11-22 02:10:00.004000','2026-11-22 02:20:00.004000',NULL,NULL,NULL,NULL,NULL,'timed_out','clock','Nobody with the right to decide answered in time.','2026-11-22 02:20:00.004000');
INSERT INTO "request" VALUES('wh9gnrugrbc96kgh3kp3','T0ACME','U0ADA','ada@example.com','Ada Lovelace','reading','sha256:3625bf26d8ca92ec565d105f5b69d56c5b79ba1beddd90aab2af492943eeade5','revoked','2026-11-22 02:25:00.005000','INC-1234 replica lag','INC-1234','2026-11-22 02:20:00.005000',300,300,14400,0,0,'2026-11-22 02:20:00.005000','2026-11-22 02:20:00.005000','2026-11-22 02:25:00.005000','{"verdict": "grant", "rule": "engineering", "because": ["ada@example.com is in group engineering"], "facts": [{"fact": "group:engineering", "value": "true", "source": "settings", "at": "2026-11-22T02:20:00.005000Z", "since": null, "by": null}]}',0,'[["orders-db", "ada"]]',0,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'expired','clock',NULL,'2026-11-22 02:25:00.005000');
INSERT INTO "request" VALUES('ydp97dgevjsyy449whrd','T0ACME','U0HEIDI','heidi@example.com','Heidi Lamarr','reading','sha256:3625bf26d8ca92ec565d105f5b69d56c5b79ba1beddd90aab2af492943eeade5','failed','2026-11-22 02:31:00.006000','INC-1234 replica lag','INC-1234','2026-11-22 02:25:00.006000',1800,1800,14400,0,0,'2026-11-22 02:25:00.006000',NULL,'2026-11-22 02:55:00.006000','{"verdict": "grant", "rule": "engineering", "because": ["heidi@example.com is in group engineering"], "facts": [{"fact": "group:engineering", "value": "true", "source": "settings", "at": "2026-11-22T02:25:00.006000Z", "since": null, "by": null}]}',0,'[["orders-db", "heidi"]]',0,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'failed','worker','orders-db could not give it within 5 minutes.','2026-11-22 02:31:00.006000');
INSERT INTO "request" VALUES('r3rahpv6k228kczqemry','T0ACME','U0GRACE','grace@example.com','Grace Hopper','reading','sha256:3625bf26d8ca92ec565d105f5b69d56c5b79ba1beddd90aab2af492943eeade5','revoking','2026-11-22 02:36:00.010000','INC-1234 replica lag','INC-1234','2026-11-22 02:31:00.007000',300,300,14400,0,0,'2026-11-22 02:31:00.007000','2026-11-22 02:31:00.007000','2026-11-22 02:36:00.007000','{"verdict": "grant", "rule": "engineering", "because": ["grace@example.com is in group engineering"], "facts": [{"fact": "group:engineering", "value": "true", "source": "settings", "at": "2026-11-22T02:31:00.007000Z", "since": null, "by": null}]}',0,'[["orders-db", "grace"]]',0,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'expired','clock',NULL,NULL);
INSERT INTO "request" VALUES('mbq9bw77g8znqnsd47nm','T0ACME','U0ADA','ada@example.com','Ada Lovelace','orders-db','sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661','active','2026-11-22 02:35:00.008000','INC-1234 replica lag','INC-1234','2026-11-22 02:35:00.008000',14400,14400,14400,0,0,'2026-11-22 02:35:00.008000','2026-11-22 02:35:00.008000','2026-11-22 06:35:00.008000','{"verdict": "grant", "rule": "on call", "because": ["ada@example.com is on call in sre-primary at level 1"], "facts": [{"fact": "on_call:sre-primary", "value": "true", "source": "settings", "at": "2026-11-22T02:35:00.008000Z", "since": null, "by": null}]}',0,'[["orders-db", "ada"]]',0,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "request" VALUES('wzmx3xnyupnmryfe5cms','T0ACME','U0ALAN','alan@example.com','Alan Turing','orders-db','sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661','pending','2026-11-22 02:35:00.009000','INC-1234 replica lag','INC-1234','2026-11-22 02:35:00.009000',7200,7200,14400,0,0,NULL,NULL,NULL,'{"verdict": "approve", "rule": "engineering", "because": ["alan@example.com is in group engineering"], "facts": [{"fact": "group:engineering", "value": "true", "source": "settings", "at": "2026-11-22T02:35:00.009000Z", "since": null, "by": null}]}',0,'[["orders-db", "alan"]]',0,'[[{"by": ["group:leads"], "count": 1, "within_seconds": 600, "remind_seconds": 240}]]',1,1,'2026-11-22 02:35:00.009000','2026-11-22 02:45:00.009000',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "request" VALUES('ggmtzmazru6va7grckwc','T0ACME','U0HEIDI','heidi@example.com','Heidi Lamarr','reading','sha256:3625bf26d8ca92ec565d105f5b69d56c5b79ba1beddd90aab2af492943eeade5','granting','2026-11-22 02:36:00.010000','INC-1234 replica lag','INC-1234','2026-11-22 02:36:00.010000',3600,3600,14400,0,0,'2026-11-22 02:36:00.010000',NULL,'2026-11-22 03:36:00.010000','{"verdict": "grant", "rule": "engineering", "because": ["heidi@example.com is in group engineering"], "facts": [{"fact": "group:engineering", "value": "true", "source": "settings", "at": "2026-11-22T02:36:00.010000Z", "since": null, "by": null}]}',0,'[["orders-db", "heidi"]]',0,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "request" VALUES('eytr28efq92v8w7h23re','T0ACME','U0ADA',NULL,'','reading',NULL,'deciding','2026-11-22 02:36:00.011000','INC-1234 replica lag','INC-1234','2026-11-22 02:36:00.011000',1800,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
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
INSERT INTO "seen" VALUES('command:1f0c853e203c2b4ac31ed74305f35a26b0a51d0b2947c9ef63da41ba2008d7ca','2026-11-22 02:10:00.001000');
INSERT INTO "seen" VALUES('command:0905617bbdec577df3387b46f97b2cac57d00ccb13978e7285cf40b77050816d','2026-11-22 02:10:00.002000');
INSERT INTO "seen" VALUES('form:622fed612612ea142ebee2194a237435254525ed3e5aa405abb54fcc274f1f1e','2026-11-22 02:10:00.002000');
INSERT INTO "seen" VALUES('command:13bc7017444417a7772b33280ba66545b2e8e9535615e2328d209296fb848870','2026-11-22 02:10:00.003000');
INSERT INTO "seen" VALUES('press:62150bb14adc45cb9b9134bc54be8550d840f386149c5e9ac97aea9cc531bbf9','2026-11-22 02:10:00.003000');
INSERT INTO "seen" VALUES('command:ac322fa838b05b2095f9ad8f8f6911188e9104ada6b8afba15f5c4345fe62dfd','2026-11-22 02:10:00.004000');
INSERT INTO "seen" VALUES('command:df050052ab84ba7f3bb6bd0a63b3cdd0416ac55583155a11e0942904a27d15d4','2026-11-22 02:20:00.005000');
INSERT INTO "seen" VALUES('command:f053de46bd2cb2ecca2aef48a976e98028cde0f349df783f98878530bd96db45','2026-11-22 02:25:00.006000');
INSERT INTO "seen" VALUES('command:cc60225696eb7895775782270b33e44899d10dea6d4aa499e4448e859ac7dc58','2026-11-22 02:31:00.007000');
INSERT INTO "seen" VALUES('command:f0f20c8cf44a83618a3539d89de74b9ce7f3a8b3d171f59cd7ad6500dc95b2d7','2026-11-22 02:35:00.008000');
INSERT INTO "seen" VALUES('command:2303369910382d16ed9a59695f93659fc75f20ef56150712c5a485abb89234c4','2026-11-22 02:35:00.009000');
INSERT INTO "seen" VALUES('command:b51d2266b248333389acf209ae223e255622e62ed759f02072dfb4b0b554e834','2026-11-22 02:36:00.010000');
INSERT INTO "seen" VALUES('command:a1269471356eb7a1fd64bf171780ecc88721468e8b08e1580aae6f7ccce39cd9','2026-11-22 02:36:00.011000');
CREATE INDEX ix_drift_connector ON drift (connector);
CREATE INDEX due_list ON due (due_at, lane);
CREATE INDEX ix_freeze_thawed_at ON freeze (thawed_at);
CREATE INDEX hold_leased ON hold (lease_by);
CREATE INDEX ix_ledger_request_id ON ledger (request_id);
CREATE INDEX ix_notice_request_id ON notice (request_id);
CREATE INDEX notice_order ON notice (conversation, sent_at, priority, id);
CREATE INDEX notice_waiting ON notice (sent_at, due_at);
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
