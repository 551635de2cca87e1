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
INSERT INTO "approval" VALUES('sb4wkjew452abjfkwd6c','6jqwgy952pptb7z6qkw4',0,'T0ACME','U0HEIDI','heidi@example.com','group:leads','deny',1,1,'Not tonight.','2026-11-22 02:10:00.002000');
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
INSERT INTO "due" VALUES('revoke:8e5cfx3zr7dutuvnh47m','revoke','8e5cfx3zr7dutuvnh47m','take:orders-db','2026-11-22 02:36:00.010000',1,0,'{"told": 0, "error": "orders-db has no database of the DSN''s name, or the bot may not connect to it"}',NULL,NULL);
INSERT INTO "due" VALUES('revoke:8ba5ck9p5j8jayd8syw7','revoke','8ba5ck9p5j8jayd8syw7','take:orders-db','2026-11-22 06:35:00.008000',0,0,'{}',NULL,NULL);
INSERT INTO "due" VALUES('ending:v56m43u3pvpyh9683ef8','ending','v56m43u3pvpyh9683ef8','timer','2026-11-22 06:30:00.008000',0,0,'{}',NULL,NULL);
INSERT INTO "due" VALUES('ask:vgkqy6df6736kmm73awn','ask','vgkqy6df6736kmm73awn','timer','2026-11-22 02:39:00.009000',0,0,'{}',NULL,NULL);
INSERT INTO "due" VALUES('revoke:m3jg8z7pwdm3sr9du9vf','revoke','m3jg8z7pwdm3sr9du9vf','take:orders-db','2026-11-22 03:36:00.010000',0,0,'{}',NULL,NULL);
INSERT INTO "due" VALUES('give:m3jg8z7pwdm3sr9du9vf','give','m3jg8z7pwdm3sr9du9vf','give:orders-db','2026-11-22 02:36:00.010000',0,0,'{}',NULL,NULL);
INSERT INTO "due" VALUES('ending:esgdsa95278xbjbx6usq','ending','esgdsa95278xbjbx6usq','timer','2026-11-22 03:31:00.010000',0,0,'{}',NULL,NULL);
INSERT INTO "due" VALUES('canary:canary','canary','canary','canary','2026-11-22 02:36:03.010000',0,0,'{"planned": "2026-11-22T02:36:03.010000Z"}',NULL,NULL);
INSERT INTO "due" VALUES('decide:7xngjvja35ahss87zax9','decide','7xngjvja35ahss87zax9','desk','2026-11-22 02:36:00.011000',0,0,'{}',NULL,NULL);
CREATE TABLE freeze (
	id VARCHAR NOT NULL, 
	since DATETIME NOT NULL, 
	until DATETIME NOT NULL, 
	"by" VARCHAR NOT NULL, 
	reason TEXT NOT NULL, 
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
INSERT INTO "grant" VALUES('hru53wgsy3tuwchs88rt','htjbtv3fwa5an7uexf6m',0,'orders-db','{"role": "incident_reader"}','ada','f98312541302ad6eef2ccb3680156451','revoked',0,'2026-11-22 02:20:00.005000','2026-11-22 02:25:00.005000','2026-11-22 02:20:00.005000','2026-11-22 02:20:00.005000','2026-11-22 02:25:00.005000','2026-11-22 02:25:00.005000',NULL,'none','[]','worker','{"xid": 771, "subject_oid": 16385, "role_oid": 16391}',0,NULL);
INSERT INTO "grant" VALUES('h2486epqf5tn3mn9v78j','qqkheksqz99cdrrz2bhb',0,'orders-db','{"role": "incident_reader"}','heidi','c7addbe89c05f74e3b21a19ba0ee0e12','failed',0,'2026-11-22 02:25:00.006000','2026-11-22 02:55:00.006000',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'worker',NULL,0,'orders-db could not give it within 5 minutes.');
INSERT INTO "grant" VALUES('8e5cfx3zr7dutuvnh47m','xtpwygjymxvb6grkh9uz',0,'orders-db','{"role": "incident_reader"}','grace','6cbc43d880ffa191495034252cb3ba26','revoking',0,'2026-11-22 02:31:00.007000','2026-11-22 02:36:00.007000','2026-11-22 02:31:00.007000','2026-11-22 02:31:00.007000',NULL,NULL,NULL,NULL,NULL,'worker','{"xid": 773, "subject_oid": 16387, "role_oid": 16391}',1,'orders-db has no database of the DSN''s name, or the bot may not connect to it');
INSERT INTO "grant" VALUES('8ba5ck9p5j8jayd8syw7','v56m43u3pvpyh9683ef8',0,'orders-db','{"role": "incident_writer"}','ada','66d9953b2b2839cff1b40197b6120132','active',0,'2026-11-22 02:35:00.008000','2026-11-22 06:35:00.008000','2026-11-22 02:35:00.008000','2026-11-22 02:35:00.008000',NULL,NULL,NULL,NULL,NULL,'worker','{"xid": 774, "subject_oid": 16385, "role_oid": 16392}',0,NULL);
INSERT INTO "grant" VALUES('m3jg8z7pwdm3sr9du9vf','esgdsa95278xbjbx6usq',0,'orders-db','{"role": "incident_reader"}','heidi','c7addbe89c05f74e3b21a19ba0ee0e12','planned',0,'2026-11-22 02:36:00.010000','2026-11-22 03:36:00.010000',NULL,NULL,NULL,NULL,NULL,NULL,NULL,'worker',NULL,0,NULL);
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
INSERT INTO "ledger" VALUES(2,'2026-11-22 02:10:00.001000','slack:T0ACME/U0MALLORY','RequestOpened','3pbkqs389myanwbheauj','{"rows":[{"id":"3pbkqs389myanwbheauj","set":{"active_at":null,"asked_seconds":1800,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"3pbkqs389myanwbheauj","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"orders-db","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:10:00.001000Z","round":0,"slack_user":"U0MALLORY","stage":0,"state":"deciding","state_at":"2026-11-22T02:10:00.001000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','d2d476c0fdb58c43ff41bd279bf3d3e2ab2f331507316ea46f744a536aae3c63','d423640ef687028f64768fb31ab1061152649d24099eff4886ec9cec37abdfc2');
INSERT INTO "ledger" VALUES(3,'2026-11-22 02:10:00.001000','policy','RequestRefused','3pbkqs389myanwbheauj','{"because":"refused","reason":"Your Slack account is a guest; only full members can use this.","rows":[{"id":"3pbkqs389myanwbheauj","set":{"decision":{"because":["Your Slack account is a guest; only full members can use this."],"facts":[],"rule":null,"verdict":"refuse"},"ended_at":"2026-11-22T02:10:00.001000Z","ended_because":"refused","ended_by":"policy","ended_reason":"Your Slack account is a guest; only full members can use this.","state":"refused","state_at":"2026-11-22T02:10:00.001000Z"},"table":"request"}]}','d423640ef687028f64768fb31ab1061152649d24099eff4886ec9cec37abdfc2','ee0c3b1905f6e5eaa8521b3b1ecccda6fd8be34599796047baee88ef8fc40384');
INSERT INTO "ledger" VALUES(4,'2026-11-22 02:10:00.001000','worker','AlertDelivered','3pbkqs389myanwbheauj','{"channel":"C0SECURITY","notice":4,"ts":"1795313400.001002"}','ee0c3b1905f6e5eaa8521b3b1ecccda6fd8be34599796047baee88ef8fc40384','adf99ac79880c9c18f7ac330dd8b9752b858f621f3e8d76fcefe8e6f3b18c4fa');
INSERT INTO "ledger" VALUES(5,'2026-11-22 02:10:00.002000','slack:T0ACME/U0ALAN','RequestOpened','6jqwgy952pptb7z6qkw4','{"rows":[{"id":"6jqwgy952pptb7z6qkw4","set":{"active_at":null,"asked_seconds":1800,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"6jqwgy952pptb7z6qkw4","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"orders-db","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:10:00.002000Z","round":0,"slack_user":"U0ALAN","stage":0,"state":"deciding","state_at":"2026-11-22T02:10:00.002000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','adf99ac79880c9c18f7ac330dd8b9752b858f621f3e8d76fcefe8e6f3b18c4fa','e05b88b0d3ab119e126ba84bb7371cd2695cfc651161f22708bfcf49ed1c41e5');
INSERT INTO "ledger" VALUES(6,'2026-11-22 02:10:00.002000','slack','PersonBound',NULL,'{"person":"T0ACME:U0ALAN","rows":[{"id":"T0ACME:U0ALAN","set":{"accept_asked_by":null,"bound_at":"2026-11-22T02:10:00.002000Z","email":"alan@example.com","frozen_at":null,"id":"T0ACME:U0ALAN","proposed_email":null,"slack_user":"U0ALAN","team":"T0ACME"},"table":"person"}]}','e05b88b0d3ab119e126ba84bb7371cd2695cfc651161f22708bfcf49ed1c41e5','4509d8baaa673a141bfcb6225358fd2955bfa539786b6200d529b71c0df04818');
INSERT INTO "ledger" VALUES(7,'2026-11-22 02:10:00.002000','policy','RequesterKnown','6jqwgy952pptb7z6qkw4','{"rows":[{"id":"6jqwgy952pptb7z6qkw4","set":{"email":"alan@example.com","name":"Alan Turing"},"table":"request"}]}','4509d8baaa673a141bfcb6225358fd2955bfa539786b6200d529b71c0df04818','e2ddc1e12dd17e5c075fce72b108f51749d703af3b6866cb89ad17e5a4c7020d');
INSERT INTO "ledger" VALUES(8,'2026-11-22 02:10:00.002000','policy','Decided','6jqwgy952pptb7z6qkw4','{"rows":[{"id":"6jqwgy952pptb7z6qkw4","set":{"decision":{"because":["alan@example.com is in group engineering"],"facts":[{"at":"2026-11-22T02:10:00.002000Z","by":null,"fact":"group:engineering","since":null,"source":"settings","value":"true"}],"rule":"engineering","verdict":"approve"},"duration_seconds":1800,"max_seconds":14400,"over_limit":false,"policy_digest":"sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661","subjects":[["orders-db","alan"]]},"table":"request"}],"rule":"engineering","verdict":"approve"}','e2ddc1e12dd17e5c075fce72b108f51749d703af3b6866cb89ad17e5a4c7020d','2aca5915a07883bd29d12cc163b94513a223b2d23e4ac4adcc5edd7cd5510410');
INSERT INTO "ledger" VALUES(9,'2026-11-22 02:10:00.002000','policy','ApprovalAsked','6jqwgy952pptb7z6qkw4','{"rows":[{"id":"6jqwgy952pptb7z6qkw4","set":{"decide_by":"2026-11-22T02:20:00.002000Z","plan":[[{"by":["group:leads"],"count":1,"remind_seconds":240,"within_seconds":600}]],"stage":1,"state":"pending","state_at":"2026-11-22T02:10:00.002000Z","step":1,"step_at":"2026-11-22T02:10:00.002000Z"},"table":"request"}],"stage":1,"step":1}','2aca5915a07883bd29d12cc163b94513a223b2d23e4ac4adcc5edd7cd5510410','2bfb4d2f687fddf26d75f0735c73ae7c05422d965d88c0396ff5e5b83d1a4c5c');
INSERT INTO "ledger" VALUES(10,'2026-11-22 02:10:00.002000','worker','AlertDelivered','6jqwgy952pptb7z6qkw4','{"channel":"C0SECURITY","notice":8,"ts":"1795313400.002002"}','2bfb4d2f687fddf26d75f0735c73ae7c05422d965d88c0396ff5e5b83d1a4c5c','b36dd4fab51360046977874a1e12d8a09453c451b33dc30336a7c07bb13fac33');
INSERT INTO "ledger" VALUES(11,'2026-11-22 02:10:00.002000','slack:T0ACME/U0HEIDI','Pressed','6jqwgy952pptb7z6qkw4','{"kind":"deny","rows":[{"id":"4a5tjgzb6he4zk3qujmn","set":{"at":"2026-11-22T02:10:00.002000Z","data":{"reason":"Not tonight."},"id":"4a5tjgzb6he4zk3qujmn","judged_at":null,"kind":"deny","n":1,"outcome":null,"slack_user":"U0HEIDI","subject":"6jqwgy952pptb7z6qkw4","team":"T0ACME"},"table":"press"}]}','b36dd4fab51360046977874a1e12d8a09453c451b33dc30336a7c07bb13fac33','9ec46482a9d66819dfa8c521fbd388392fbe19dbd99cb06339e12f5060f4b979');
INSERT INTO "ledger" VALUES(12,'2026-11-22 02:10:00.002000','slack','PersonBound',NULL,'{"person":"T0ACME:U0HEIDI","rows":[{"id":"T0ACME:U0HEIDI","set":{"accept_asked_by":null,"bound_at":"2026-11-22T02:10:00.002000Z","email":"heidi@example.com","frozen_at":null,"id":"T0ACME:U0HEIDI","proposed_email":null,"slack_user":"U0HEIDI","team":"T0ACME"},"table":"person"}]}','9ec46482a9d66819dfa8c521fbd388392fbe19dbd99cb06339e12f5060f4b979','3692c4c53ae2304bda73bd41baa11df97cd2e01143ed45e9c7f5ec2a630f5ffd');
INSERT INTO "ledger" VALUES(13,'2026-11-22 02:10:00.002000','heidi@example.com','Denied','6jqwgy952pptb7z6qkw4','{"rows":[{"id":"4a5tjgzb6he4zk3qujmn","set":{"judged_at":"2026-11-22T02:10:00.002000Z"},"table":"press"},{"id":"sb4wkjew452abjfkwd6c","set":{"at":"2026-11-22T02:10:00.002000Z","email":"heidi@example.com","id":"sb4wkjew452abjfkwd6c","note":"Not tonight.","principal":"group:leads","request_id":"6jqwgy952pptb7z6qkw4","round":0,"slack_user":"U0HEIDI","stage":1,"step":1,"team":"T0ACME","verdict":"deny"},"table":"approval"}],"stage":1,"step":1}','3692c4c53ae2304bda73bd41baa11df97cd2e01143ed45e9c7f5ec2a630f5ffd','92f87fee957787c74843914090ffdd64e90f7119033153f02299d384b5f72d4b');
INSERT INTO "ledger" VALUES(14,'2026-11-22 02:10:00.002000','heidi@example.com','RequestDenied','6jqwgy952pptb7z6qkw4','{"because":"denied","reason":"Not tonight.","rows":[{"id":"6jqwgy952pptb7z6qkw4","set":{"ended_at":"2026-11-22T02:10:00.002000Z","ended_because":"denied","ended_by":"heidi@example.com","ended_reason":"Not tonight.","state":"denied","state_at":"2026-11-22T02:10:00.002000Z"},"table":"request"}]}','92f87fee957787c74843914090ffdd64e90f7119033153f02299d384b5f72d4b','7de5cdca90022a46c8f1feaf6b053db6fad40eb42ce104d35cca302d8cbde6e4');
INSERT INTO "ledger" VALUES(15,'2026-11-22 02:10:00.002000','heidi@example.com','PressJudged','6jqwgy952pptb7z6qkw4','{"kind":"deny","rows":[{"id":"4a5tjgzb6he4zk3qujmn","set":{"outcome":"Denied."},"table":"press"}]}','7de5cdca90022a46c8f1feaf6b053db6fad40eb42ce104d35cca302d8cbde6e4','ad3f612d9a071035b98c6f584c7e7c4092211bb75bd14ad40aabfda0e32a97d2');
INSERT INTO "ledger" VALUES(16,'2026-11-22 02:10:00.002000','worker','AlertDelivered','6jqwgy952pptb7z6qkw4','{"channel":"C0SECURITY","notice":15,"ts":"1795313400.002014"}','ad3f612d9a071035b98c6f584c7e7c4092211bb75bd14ad40aabfda0e32a97d2','bef97f37baf8f33339da4609e2264e235781a1fa75076dfab8902cc080a791e2');
INSERT INTO "ledger" VALUES(17,'2026-11-22 02:10:00.003000','slack:T0ACME/U0ALAN','RequestOpened','qrkmm7ntjfmhqjzj5vrj','{"rows":[{"id":"qrkmm7ntjfmhqjzj5vrj","set":{"active_at":null,"asked_seconds":1800,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"qrkmm7ntjfmhqjzj5vrj","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"orders-db","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:10:00.003000Z","round":0,"slack_user":"U0ALAN","stage":0,"state":"deciding","state_at":"2026-11-22T02:10:00.003000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','bef97f37baf8f33339da4609e2264e235781a1fa75076dfab8902cc080a791e2','539bbf4704e0ac925d12b21bb5da3d18d2416c1578d37d89f945bfcc8ceae34c');
INSERT INTO "ledger" VALUES(18,'2026-11-22 02:10:00.003000','policy','RequesterKnown','qrkmm7ntjfmhqjzj5vrj','{"rows":[{"id":"qrkmm7ntjfmhqjzj5vrj","set":{"email":"alan@example.com","name":"Alan Turing"},"table":"request"}]}','539bbf4704e0ac925d12b21bb5da3d18d2416c1578d37d89f945bfcc8ceae34c','7712cf9ee3102f47b323e8145685b8ba2b221d24b527380a6fc560aef86146a5');
INSERT INTO "ledger" VALUES(19,'2026-11-22 02:10:00.003000','policy','Decided','qrkmm7ntjfmhqjzj5vrj','{"rows":[{"id":"qrkmm7ntjfmhqjzj5vrj","set":{"decision":{"because":["alan@example.com is in group engineering"],"facts":[{"at":"2026-11-22T02:10:00.003000Z","by":null,"fact":"group:engineering","since":null,"source":"settings","value":"true"}],"rule":"engineering","verdict":"approve"},"duration_seconds":1800,"max_seconds":14400,"over_limit":false,"policy_digest":"sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661","subjects":[["orders-db","alan"]]},"table":"request"}],"rule":"engineering","verdict":"approve"}','7712cf9ee3102f47b323e8145685b8ba2b221d24b527380a6fc560aef86146a5','207bbaa91be4f1cd033a7210d239756489c31ab5f9e75021e68b61860aebc928');
INSERT INTO "ledger" VALUES(20,'2026-11-22 02:10:00.003000','policy','ApprovalAsked','qrkmm7ntjfmhqjzj5vrj','{"rows":[{"id":"qrkmm7ntjfmhqjzj5vrj","set":{"decide_by":"2026-11-22T02:20:00.003000Z","plan":[[{"by":["group:leads"],"count":1,"remind_seconds":240,"within_seconds":600}]],"stage":1,"state":"pending","state_at":"2026-11-22T02:10:00.003000Z","step":1,"step_at":"2026-11-22T02:10:00.003000Z"},"table":"request"}],"stage":1,"step":1}','207bbaa91be4f1cd033a7210d239756489c31ab5f9e75021e68b61860aebc928','80ea035e7f73a2b9819754174cea920726f2837fbfc4fb9bca3fd5f901ae5a27');
INSERT INTO "ledger" VALUES(21,'2026-11-22 02:10:00.003000','worker','AlertDelivered','qrkmm7ntjfmhqjzj5vrj','{"channel":"C0SECURITY","notice":23,"ts":"1795313400.003002"}','80ea035e7f73a2b9819754174cea920726f2837fbfc4fb9bca3fd5f901ae5a27','ee8105610f6ae880af75f4419fa1d4f9710f538dd71e2807b4249a4594c8b35b');
INSERT INTO "ledger" VALUES(22,'2026-11-22 02:10:00.003000','slack:T0ACME/U0ALAN','Pressed','qrkmm7ntjfmhqjzj5vrj','{"kind":"cancel","rows":[{"id":"cpdspxvv78shh5fjwgrq","set":{"at":"2026-11-22T02:10:00.003000Z","data":{"channel":"D0DM0ALAN"},"id":"cpdspxvv78shh5fjwgrq","judged_at":null,"kind":"cancel","n":1,"outcome":null,"slack_user":"U0ALAN","subject":"qrkmm7ntjfmhqjzj5vrj","team":"T0ACME"},"table":"press"}]}','ee8105610f6ae880af75f4419fa1d4f9710f538dd71e2807b4249a4594c8b35b','408709758a4961e0c4b7cf80050312d8d2d44386549ceb8f61d72030e38ca8dc');
INSERT INTO "ledger" VALUES(23,'2026-11-22 02:10:00.003000','alan@example.com','RequestCancelled','qrkmm7ntjfmhqjzj5vrj','{"because":"cancelled","reason":null,"rows":[{"id":"cpdspxvv78shh5fjwgrq","set":{"judged_at":"2026-11-22T02:10:00.003000Z"},"table":"press"},{"id":"qrkmm7ntjfmhqjzj5vrj","set":{"ended_at":"2026-11-22T02:10:00.003000Z","ended_because":"cancelled","ended_by":"alan@example.com","ended_reason":null,"state":"cancelled","state_at":"2026-11-22T02:10:00.003000Z"},"table":"request"}]}','408709758a4961e0c4b7cf80050312d8d2d44386549ceb8f61d72030e38ca8dc','49b8cc2e24bdfac6d560583fedeabf8ca0bf10a1a22e968fe2e4757e5e1716cf');
INSERT INTO "ledger" VALUES(24,'2026-11-22 02:10:00.003000','alan@example.com','PressJudged','qrkmm7ntjfmhqjzj5vrj','{"kind":"cancel","rows":[{"id":"cpdspxvv78shh5fjwgrq","set":{"outcome":"Cancelled."},"table":"press"}]}','49b8cc2e24bdfac6d560583fedeabf8ca0bf10a1a22e968fe2e4757e5e1716cf','ec7e27cc3aef9cf5c54a8c078176298c821cd5d9d41248000fd5da7607bf206c');
INSERT INTO "ledger" VALUES(25,'2026-11-22 02:10:00.003000','worker','AlertDelivered','qrkmm7ntjfmhqjzj5vrj','{"channel":"C0SECURITY","notice":30,"ts":"1795313400.003014"}','ec7e27cc3aef9cf5c54a8c078176298c821cd5d9d41248000fd5da7607bf206c','b7a4f837a52e79fd562a767fd52512247dc707b89a839547db47ec0b596600cd');
INSERT INTO "ledger" VALUES(26,'2026-11-22 02:10:00.004000','slack:T0ACME/U0ALAN','RequestOpened','kt7c2qd37ny2cbr9b9sf','{"rows":[{"id":"kt7c2qd37ny2cbr9b9sf","set":{"active_at":null,"asked_seconds":1800,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"kt7c2qd37ny2cbr9b9sf","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"orders-db","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:10:00.004000Z","round":0,"slack_user":"U0ALAN","stage":0,"state":"deciding","state_at":"2026-11-22T02:10:00.004000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','b7a4f837a52e79fd562a767fd52512247dc707b89a839547db47ec0b596600cd','78799e6fe61fd88b4abfdd886b04116da3d5837cd995df84a14186e4e5c31746');
INSERT INTO "ledger" VALUES(27,'2026-11-22 02:10:00.004000','policy','RequesterKnown','kt7c2qd37ny2cbr9b9sf','{"rows":[{"id":"kt7c2qd37ny2cbr9b9sf","set":{"email":"alan@example.com","name":"Alan Turing"},"table":"request"}]}','78799e6fe61fd88b4abfdd886b04116da3d5837cd995df84a14186e4e5c31746','08046649c72c87eb4e2423e46941387263dd2423a191aef559c8dba259ca20ed');
INSERT INTO "ledger" VALUES(28,'2026-11-22 02:10:00.004000','policy','Decided','kt7c2qd37ny2cbr9b9sf','{"rows":[{"id":"kt7c2qd37ny2cbr9b9sf","set":{"decision":{"because":["alan@example.com is in group engineering"],"facts":[{"at":"2026-11-22T02:10:00.004000Z","by":null,"fact":"group:engineering","since":null,"source":"settings","value":"true"}],"rule":"engineering","verdict":"approve"},"duration_seconds":1800,"max_seconds":14400,"over_limit":false,"policy_digest":"sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661","subjects":[["orders-db","alan"]]},"table":"request"}],"rule":"engineering","verdict":"approve"}','08046649c72c87eb4e2423e46941387263dd2423a191aef559c8dba259ca20ed','1b88df7cfa1dbd0d1e37e44664f720fc4bff96c83c6ed119ec0de9d8be915b3f');
INSERT INTO "ledger" VALUES(29,'2026-11-22 02:10:00.004000','policy','ApprovalAsked','kt7c2qd37ny2cbr9b9sf','{"rows":[{"id":"kt7c2qd37ny2cbr9b9sf","set":{"decide_by":"2026-11-22T02:20:00.004000Z","plan":[[{"by":["group:leads"],"count":1,"remind_seconds":240,"within_seconds":600}]],"stage":1,"state":"pending","state_at":"2026-11-22T02:10:00.004000Z","step":1,"step_at":"2026-11-22T02:10:00.004000Z"},"table":"request"}],"stage":1,"step":1}','1b88df7cfa1dbd0d1e37e44664f720fc4bff96c83c6ed119ec0de9d8be915b3f','d31bb91b5917f2c4eebef27eb99da2a42d2be777c98fb35bc2b62c6af3ff85a2');
INSERT INTO "ledger" VALUES(30,'2026-11-22 02:10:00.004000','worker','AlertDelivered','kt7c2qd37ny2cbr9b9sf','{"channel":"C0SECURITY","notice":38,"ts":"1795313400.004002"}','d31bb91b5917f2c4eebef27eb99da2a42d2be777c98fb35bc2b62c6af3ff85a2','83c0bc52ddb0ba094f70bf94f682a37c9fa74dbef655e0a3b5a2583e66155bd5');
INSERT INTO "ledger" VALUES(31,'2026-11-22 02:14:00.004000','clock','Reminded','kt7c2qd37ny2cbr9b9sf','{"people":["grace@example.com","heidi@example.com"]}','83c0bc52ddb0ba094f70bf94f682a37c9fa74dbef655e0a3b5a2583e66155bd5','9aa66184eac2a50a2cb1a64b6076c08e49d3219a4002e590d521322d84f2306d');
INSERT INTO "ledger" VALUES(32,'2026-11-22 02:20:00.004000','clock','RequestTimedOut','kt7c2qd37ny2cbr9b9sf','{"because":"timed_out","reason":"Nobody with the right to decide answered in time.","rows":[{"id":"kt7c2qd37ny2cbr9b9sf","set":{"ended_at":"2026-11-22T02:20:00.004000Z","ended_because":"timed_out","ended_by":"clock","ended_reason":"Nobody with the right to decide answered in time.","state":"timed_out","state_at":"2026-11-22T02:20:00.004000Z"},"table":"request"}]}','9aa66184eac2a50a2cb1a64b6076c08e49d3219a4002e590d521322d84f2306d','c5906cf8cb65281bfe3324d8df7d1cb88ba3d3fa52d1f52ae61a7929541f61de');
INSERT INTO "ledger" VALUES(33,'2026-11-22 02:20:00.004000','worker','AlertDelivered','kt7c2qd37ny2cbr9b9sf','{"channel":"C0SECURITY","notice":48,"ts":"1795314000.004006"}','c5906cf8cb65281bfe3324d8df7d1cb88ba3d3fa52d1f52ae61a7929541f61de','5e4bf97464af74609c6660219b3de69db0ced83f7142bcea5b98f3743e9d950a');
INSERT INTO "ledger" VALUES(34,'2026-11-22 02:20:00.005000','slack:T0ACME/U0ADA','RequestOpened','htjbtv3fwa5an7uexf6m','{"rows":[{"id":"htjbtv3fwa5an7uexf6m","set":{"active_at":null,"asked_seconds":300,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"htjbtv3fwa5an7uexf6m","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"reading","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:20:00.005000Z","round":0,"slack_user":"U0ADA","stage":0,"state":"deciding","state_at":"2026-11-22T02:20:00.005000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','5e4bf97464af74609c6660219b3de69db0ced83f7142bcea5b98f3743e9d950a','bea17e931d69c5a2b90a105b0c4ab355a485641b6c78b7aa78115fb6af6eba38');
INSERT INTO "ledger" VALUES(35,'2026-11-22 02:20:00.005000','slack','PersonBound',NULL,'{"person":"T0ACME:U0ADA","rows":[{"id":"T0ACME:U0ADA","set":{"accept_asked_by":null,"bound_at":"2026-11-22T02:20:00.005000Z","email":"ada@example.com","frozen_at":null,"id":"T0ACME:U0ADA","proposed_email":null,"slack_user":"U0ADA","team":"T0ACME"},"table":"person"}]}','bea17e931d69c5a2b90a105b0c4ab355a485641b6c78b7aa78115fb6af6eba38','f5408d6d1017498b3639cb885bd9205d97d403c5d7b9064e252ef4970266921c');
INSERT INTO "ledger" VALUES(36,'2026-11-22 02:20:00.005000','policy','RequesterKnown','htjbtv3fwa5an7uexf6m','{"rows":[{"id":"htjbtv3fwa5an7uexf6m","set":{"email":"ada@example.com","name":"Ada Lovelace"},"table":"request"}]}','f5408d6d1017498b3639cb885bd9205d97d403c5d7b9064e252ef4970266921c','ce799d2b26e8fdf129ee937c6948ff44c75ed76f60ec5f75a2a529b2c22230d6');
INSERT INTO "ledger" VALUES(37,'2026-11-22 02:20:00.005000','policy','Decided','htjbtv3fwa5an7uexf6m','{"rows":[{"id":"htjbtv3fwa5an7uexf6m","set":{"decision":{"because":["ada@example.com is in group engineering"],"facts":[{"at":"2026-11-22T02:20:00.005000Z","by":null,"fact":"group:engineering","since":null,"source":"settings","value":"true"}],"rule":"engineering","verdict":"grant"},"duration_seconds":300,"max_seconds":14400,"over_limit":false,"policy_digest":"sha256:3625bf26d8ca92ec565d105f5b69d56c5b79ba1beddd90aab2af492943eeade5","subjects":[["orders-db","ada"]]},"table":"request"}],"rule":"engineering","verdict":"grant"}','ce799d2b26e8fdf129ee937c6948ff44c75ed76f60ec5f75a2a529b2c22230d6','486c9d7e9809a3ebc7bb74dddf5161027d63b8e1e34d7fab49b97302fb323a6d');
INSERT INTO "ledger" VALUES(38,'2026-11-22 02:20:00.005000','policy','GrantPlanned','htjbtv3fwa5an7uexf6m','{"rows":[{"id":"htjbtv3fwa5an7uexf6m","set":{"confirm_by":null,"confirm_due":null,"decide_by":null,"ends_at":"2026-11-22T02:25:00.005000Z","granted_at":"2026-11-22T02:20:00.005000Z","plan":null,"state":"granting","state_at":"2026-11-22T02:20:00.005000Z"},"table":"request"},{"id":"hru53wgsy3tuwchs88rt","set":{"access":{"role":"incident_reader"},"already_had":false,"connector":"orders-db","ends_at":"2026-11-22T02:25:00.005000Z","expiry":"worker","granted_at":null,"hold_id":"f98312541302ad6eef2ccb3680156451","id":"hru53wgsy3tuwchs88rt","left_because":null,"left_behind":null,"n":0,"planned_at":"2026-11-22T02:20:00.005000Z","receipt":null,"request_id":"htjbtv3fwa5an7uexf6m","revoke_verified_at":null,"revoked_at":null,"sessions":null,"state":"planned","subject":"ada","verified_at":null},"table":"grant"}],"rule":"engineering"}','486c9d7e9809a3ebc7bb74dddf5161027d63b8e1e34d7fab49b97302fb323a6d','996972b0d37d7feb892b4252f25620a37470d5998b47d832fb841776dbd9662b');
INSERT INTO "ledger" VALUES(39,'2026-11-22 02:20:00.005000','worker','GrantBegun','htjbtv3fwa5an7uexf6m','{"grant":"hru53wgsy3tuwchs88rt","rows":[{"id":"hru53wgsy3tuwchs88rt","set":{"state":"granting"},"table":"grant"}]}','996972b0d37d7feb892b4252f25620a37470d5998b47d832fb841776dbd9662b','077cacfbce31e2a81e73b82c41ff7b0949c3742899292305d1f8e94094beccf0');
INSERT INTO "ledger" VALUES(40,'2026-11-22 02:20:00.005000','worker','GrantVerified','htjbtv3fwa5an7uexf6m','{"grant":"hru53wgsy3tuwchs88rt","rows":[{"id":"hru53wgsy3tuwchs88rt","set":{"granted_at":"2026-11-22T02:20:00.005000Z","receipt":{"role_oid":16391,"subject_oid":16385,"xid":771},"state":"active","verified_at":"2026-11-22T02:20:00.005000Z"},"table":"grant"}]}','077cacfbce31e2a81e73b82c41ff7b0949c3742899292305d1f8e94094beccf0','bb55caf441a42ead15cca181d3c22c015f51de803406d1764d2f1969965a1b30');
INSERT INTO "ledger" VALUES(41,'2026-11-22 02:20:00.005000','worker','RequestActive','htjbtv3fwa5an7uexf6m','{"rows":[{"id":"htjbtv3fwa5an7uexf6m","set":{"active_at":"2026-11-22T02:20:00.005000Z","state":"active","state_at":"2026-11-22T02:20:00.005000Z"},"table":"request"}]}','bb55caf441a42ead15cca181d3c22c015f51de803406d1764d2f1969965a1b30','6941244999281ede44d98a30fb4d82641879a1c97c5845199b5dcf3e756778b3');
INSERT INTO "ledger" VALUES(42,'2026-11-22 02:20:00.005000','worker','AlertDelivered','htjbtv3fwa5an7uexf6m','{"channel":"C0SECURITY","notice":55,"ts":"1795314000.005002"}','6941244999281ede44d98a30fb4d82641879a1c97c5845199b5dcf3e756778b3','02789cc3e5e3d5e58e7ef43349b7e7fe0e35cd437ab08344deaf884c7cccc3c2');
INSERT INTO "ledger" VALUES(43,'2026-11-22 02:25:00.005000','clock','EndBegun','htjbtv3fwa5an7uexf6m','{"because":"expired","reason":null,"rows":[{"id":"htjbtv3fwa5an7uexf6m","set":{"decide_by":null,"ended_because":"expired","ended_by":"clock","ended_reason":null,"plan":null,"state":"revoking","state_at":"2026-11-22T02:25:00.005000Z"},"table":"request"},{"id":"hru53wgsy3tuwchs88rt","set":{"state":"revoking"},"table":"grant"}]}','02789cc3e5e3d5e58e7ef43349b7e7fe0e35cd437ab08344deaf884c7cccc3c2','59f177ed1680c3210c18a5a7b8df57d6c8e460f25c6fcce1077d4a22ed709c71');
INSERT INTO "ledger" VALUES(44,'2026-11-22 02:25:00.005000','worker','GrantRevoked','htjbtv3fwa5an7uexf6m','{"grant":"hru53wgsy3tuwchs88rt","rows":[{"id":"hru53wgsy3tuwchs88rt","set":{"left_behind":[],"revoke_verified_at":"2026-11-22T02:25:00.005000Z","revoked_at":"2026-11-22T02:25:00.005000Z","sessions":"none"},"table":"grant"},{"id":"hru53wgsy3tuwchs88rt","set":{"state":"revoked"},"table":"grant"}]}','59f177ed1680c3210c18a5a7b8df57d6c8e460f25c6fcce1077d4a22ed709c71','1ee068853885ff285573af2c61c2f160acc7aafab7f65487fcf0ac380d7a3d8c');
INSERT INTO "ledger" VALUES(45,'2026-11-22 02:25:00.005000','worker','RequestEnded','htjbtv3fwa5an7uexf6m','{"because":"expired","rows":[{"id":"htjbtv3fwa5an7uexf6m","set":{"ended_at":"2026-11-22T02:25:00.005000Z","state":"revoked","state_at":"2026-11-22T02:25:00.005000Z"},"table":"request"}]}','1ee068853885ff285573af2c61c2f160acc7aafab7f65487fcf0ac380d7a3d8c','d21b55ac4176b75bcd5707d8dd5dc8ccab11da0216629c8bfaac59affdec0ab5');
INSERT INTO "ledger" VALUES(46,'2026-11-22 02:25:00.005000','worker','AlertDelivered','htjbtv3fwa5an7uexf6m','{"channel":"C0SECURITY","notice":61,"ts":"1795314300.005003"}','d21b55ac4176b75bcd5707d8dd5dc8ccab11da0216629c8bfaac59affdec0ab5','f39ed2f6b4aa081d779b7559c00cc3ae13c65f18a5229f8a8df9b399d1e758ab');
INSERT INTO "ledger" VALUES(47,'2026-11-22 02:25:00.006000','slack:T0ACME/U0HEIDI','RequestOpened','qqkheksqz99cdrrz2bhb','{"rows":[{"id":"qqkheksqz99cdrrz2bhb","set":{"active_at":null,"asked_seconds":1800,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"qqkheksqz99cdrrz2bhb","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"reading","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:25:00.006000Z","round":0,"slack_user":"U0HEIDI","stage":0,"state":"deciding","state_at":"2026-11-22T02:25:00.006000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','f39ed2f6b4aa081d779b7559c00cc3ae13c65f18a5229f8a8df9b399d1e758ab','70a06f83d9e3e9fe01f473838929ad81b659278807809d2aa797caa6f71a8b57');
INSERT INTO "ledger" VALUES(48,'2026-11-22 02:25:00.006000','policy','RequesterKnown','qqkheksqz99cdrrz2bhb','{"rows":[{"id":"qqkheksqz99cdrrz2bhb","set":{"email":"heidi@example.com","name":"Heidi Lamarr"},"table":"request"}]}','70a06f83d9e3e9fe01f473838929ad81b659278807809d2aa797caa6f71a8b57','29742a9abe8d97329bfe53256c093492efdcd913347f7a9bb8f2d5e563522bde');
INSERT INTO "ledger" VALUES(49,'2026-11-22 02:25:00.006000','policy','Decided','qqkheksqz99cdrrz2bhb','{"rows":[{"id":"qqkheksqz99cdrrz2bhb","set":{"decision":{"because":["heidi@example.com is in group engineering"],"facts":[{"at":"2026-11-22T02:25:00.006000Z","by":null,"fact":"group:engineering","since":null,"source":"settings","value":"true"}],"rule":"engineering","verdict":"grant"},"duration_seconds":1800,"max_seconds":14400,"over_limit":false,"policy_digest":"sha256:3625bf26d8ca92ec565d105f5b69d56c5b79ba1beddd90aab2af492943eeade5","subjects":[["orders-db","heidi"]]},"table":"request"}],"rule":"engineering","verdict":"grant"}','29742a9abe8d97329bfe53256c093492efdcd913347f7a9bb8f2d5e563522bde','a1c376d2e0d79f58ecc973d9cfddb1cfbab086e4f928d6216121d685313ddb86');
INSERT INTO "ledger" VALUES(50,'2026-11-22 02:25:00.006000','policy','GrantPlanned','qqkheksqz99cdrrz2bhb','{"rows":[{"id":"qqkheksqz99cdrrz2bhb","set":{"confirm_by":null,"confirm_due":null,"decide_by":null,"ends_at":"2026-11-22T02:55:00.006000Z","granted_at":"2026-11-22T02:25:00.006000Z","plan":null,"state":"granting","state_at":"2026-11-22T02:25:00.006000Z"},"table":"request"},{"id":"h2486epqf5tn3mn9v78j","set":{"access":{"role":"incident_reader"},"already_had":false,"connector":"orders-db","ends_at":"2026-11-22T02:55:00.006000Z","expiry":"worker","granted_at":null,"hold_id":"c7addbe89c05f74e3b21a19ba0ee0e12","id":"h2486epqf5tn3mn9v78j","left_because":null,"left_behind":null,"n":0,"planned_at":"2026-11-22T02:25:00.006000Z","receipt":null,"request_id":"qqkheksqz99cdrrz2bhb","revoke_verified_at":null,"revoked_at":null,"sessions":null,"state":"planned","subject":"heidi","verified_at":null},"table":"grant"}],"rule":"engineering"}','a1c376d2e0d79f58ecc973d9cfddb1cfbab086e4f928d6216121d685313ddb86','2ddce129d4be045a1ccd600544c12fe474c8fd11ec861c182463c6efa3f3a958');
INSERT INTO "ledger" VALUES(51,'2026-11-22 02:31:00.006000','worker','EndBegun','qqkheksqz99cdrrz2bhb','{"because":"failed","reason":"orders-db could not give it within 5 minutes.","rows":[{"id":"h2486epqf5tn3mn9v78j","set":{"state":"failed"},"table":"grant"},{"id":"qqkheksqz99cdrrz2bhb","set":{"decide_by":null,"ended_at":"2026-11-22T02:31:00.006000Z","ended_because":"failed","ended_by":"worker","ended_reason":"orders-db could not give it within 5 minutes.","plan":null,"state":"failed","state_at":"2026-11-22T02:31:00.006000Z"},"table":"request"}]}','2ddce129d4be045a1ccd600544c12fe474c8fd11ec861c182463c6efa3f3a958','cae3264064952739b1486067fe5c4ac81c8f9bc61a759d3c83cf78b11d690292');
INSERT INTO "ledger" VALUES(52,'2026-11-22 02:31:00.006000','worker','AlertDelivered','qqkheksqz99cdrrz2bhb','{"channel":"C0SECURITY","notice":65,"ts":"1795314660.006001"}','cae3264064952739b1486067fe5c4ac81c8f9bc61a759d3c83cf78b11d690292','0e57ccb478bcf980af580bc6379ad8ec3fa3832d48770aa19eda42839e60d562');
INSERT INTO "ledger" VALUES(53,'2026-11-22 02:31:00.007000','slack:T0ACME/U0GRACE','RequestOpened','xtpwygjymxvb6grkh9uz','{"rows":[{"id":"xtpwygjymxvb6grkh9uz","set":{"active_at":null,"asked_seconds":300,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"xtpwygjymxvb6grkh9uz","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"reading","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:31:00.007000Z","round":0,"slack_user":"U0GRACE","stage":0,"state":"deciding","state_at":"2026-11-22T02:31:00.007000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','0e57ccb478bcf980af580bc6379ad8ec3fa3832d48770aa19eda42839e60d562','ad8e12bade6f807eebabc81f6355a9033c10945144959545237a56af851c35da');
INSERT INTO "ledger" VALUES(54,'2026-11-22 02:31:00.007000','slack','PersonBound',NULL,'{"person":"T0ACME:U0GRACE","rows":[{"id":"T0ACME:U0GRACE","set":{"accept_asked_by":null,"bound_at":"2026-11-22T02:31:00.007000Z","email":"grace@example.com","frozen_at":null,"id":"T0ACME:U0GRACE","proposed_email":null,"slack_user":"U0GRACE","team":"T0ACME"},"table":"person"}]}','ad8e12bade6f807eebabc81f6355a9033c10945144959545237a56af851c35da','6474b405b56e38964c4d189635b4fc97bda4d9fce074293272ac67d63b17a39a');
INSERT INTO "ledger" VALUES(55,'2026-11-22 02:31:00.007000','policy','RequesterKnown','xtpwygjymxvb6grkh9uz','{"rows":[{"id":"xtpwygjymxvb6grkh9uz","set":{"email":"grace@example.com","name":"Grace Hopper"},"table":"request"}]}','6474b405b56e38964c4d189635b4fc97bda4d9fce074293272ac67d63b17a39a','a009f93ddc3ffe60edac1a8de8f2e935831b0ac7c09e4e7ee13a287ec623c6e7');
INSERT INTO "ledger" VALUES(56,'2026-11-22 02:31:00.007000','policy','Decided','xtpwygjymxvb6grkh9uz','{"rows":[{"id":"xtpwygjymxvb6grkh9uz","set":{"decision":{"because":["grace@example.com is in group engineering"],"facts":[{"at":"2026-11-22T02:31:00.007000Z","by":null,"fact":"group:engineering","since":null,"source":"settings","value":"true"}],"rule":"engineering","verdict":"grant"},"duration_seconds":300,"max_seconds":14400,"over_limit":false,"policy_digest":"sha256:3625bf26d8ca92ec565d105f5b69d56c5b79ba1beddd90aab2af492943eeade5","subjects":[["orders-db","grace"]]},"table":"request"}],"rule":"engineering","verdict":"grant"}','a009f93ddc3ffe60edac1a8de8f2e935831b0ac7c09e4e7ee13a287ec623c6e7','88224a9d2f499b4b7d36a42b1e8eb776bdb26d40e7fbfc6c11da4e467d4f9782');
INSERT INTO "ledger" VALUES(57,'2026-11-22 02:31:00.007000','policy','GrantPlanned','xtpwygjymxvb6grkh9uz','{"rows":[{"id":"xtpwygjymxvb6grkh9uz","set":{"confirm_by":null,"confirm_due":null,"decide_by":null,"ends_at":"2026-11-22T02:36:00.007000Z","granted_at":"2026-11-22T02:31:00.007000Z","plan":null,"state":"granting","state_at":"2026-11-22T02:31:00.007000Z"},"table":"request"},{"id":"8e5cfx3zr7dutuvnh47m","set":{"access":{"role":"incident_reader"},"already_had":false,"connector":"orders-db","ends_at":"2026-11-22T02:36:00.007000Z","expiry":"worker","granted_at":null,"hold_id":"6cbc43d880ffa191495034252cb3ba26","id":"8e5cfx3zr7dutuvnh47m","left_because":null,"left_behind":null,"n":0,"planned_at":"2026-11-22T02:31:00.007000Z","receipt":null,"request_id":"xtpwygjymxvb6grkh9uz","revoke_verified_at":null,"revoked_at":null,"sessions":null,"state":"planned","subject":"grace","verified_at":null},"table":"grant"}],"rule":"engineering"}','88224a9d2f499b4b7d36a42b1e8eb776bdb26d40e7fbfc6c11da4e467d4f9782','2d1c1bd96f2e36057414953139fa4158b2951d81b49703c41377883c35e1de09');
INSERT INTO "ledger" VALUES(58,'2026-11-22 02:31:00.007000','worker','GrantBegun','xtpwygjymxvb6grkh9uz','{"grant":"8e5cfx3zr7dutuvnh47m","rows":[{"id":"8e5cfx3zr7dutuvnh47m","set":{"state":"granting"},"table":"grant"}]}','2d1c1bd96f2e36057414953139fa4158b2951d81b49703c41377883c35e1de09','27ec696b6432a37fe10d475625d99dd1b560b468b1129a867f3b2383ea7fb724');
INSERT INTO "ledger" VALUES(59,'2026-11-22 02:31:00.007000','worker','GrantVerified','xtpwygjymxvb6grkh9uz','{"grant":"8e5cfx3zr7dutuvnh47m","rows":[{"id":"8e5cfx3zr7dutuvnh47m","set":{"granted_at":"2026-11-22T02:31:00.007000Z","receipt":{"role_oid":16391,"subject_oid":16387,"xid":773},"state":"active","verified_at":"2026-11-22T02:31:00.007000Z"},"table":"grant"}]}','27ec696b6432a37fe10d475625d99dd1b560b468b1129a867f3b2383ea7fb724','a7311f42017d3127e2a7ab01f9b1832cbc1a547b98a8135b79efa26c5213e4e5');
INSERT INTO "ledger" VALUES(60,'2026-11-22 02:31:00.007000','worker','RequestActive','xtpwygjymxvb6grkh9uz','{"rows":[{"id":"xtpwygjymxvb6grkh9uz","set":{"active_at":"2026-11-22T02:31:00.007000Z","state":"active","state_at":"2026-11-22T02:31:00.007000Z"},"table":"request"}]}','a7311f42017d3127e2a7ab01f9b1832cbc1a547b98a8135b79efa26c5213e4e5','03c4b797805705e058595eb42d24a03abfe972b93784eeeac22a8076b39c58f7');
INSERT INTO "ledger" VALUES(61,'2026-11-22 02:31:00.007000','worker','AlertDelivered','xtpwygjymxvb6grkh9uz','{"channel":"C0SECURITY","notice":69,"ts":"1795314660.007002"}','03c4b797805705e058595eb42d24a03abfe972b93784eeeac22a8076b39c58f7','9dca5cb09ae83ae8ecf7b9b4386096226215f695f3ddb34da208d76d4ec0bb56');
INSERT INTO "ledger" VALUES(62,'2026-11-22 02:35:00.008000','slack:T0ACME/U0ADA','RequestOpened','v56m43u3pvpyh9683ef8','{"rows":[{"id":"v56m43u3pvpyh9683ef8","set":{"active_at":null,"asked_seconds":14400,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"v56m43u3pvpyh9683ef8","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"orders-db","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:35:00.008000Z","round":0,"slack_user":"U0ADA","stage":0,"state":"deciding","state_at":"2026-11-22T02:35:00.008000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','9dca5cb09ae83ae8ecf7b9b4386096226215f695f3ddb34da208d76d4ec0bb56','a7594bcf3505bd639b15344f28b1a76fc856b3a393479042f6a93e11c9fa55ce');
INSERT INTO "ledger" VALUES(63,'2026-11-22 02:35:00.008000','policy','RequesterKnown','v56m43u3pvpyh9683ef8','{"rows":[{"id":"v56m43u3pvpyh9683ef8","set":{"email":"ada@example.com","name":"Ada Lovelace"},"table":"request"}]}','a7594bcf3505bd639b15344f28b1a76fc856b3a393479042f6a93e11c9fa55ce','9d5f8809dba3c3aab858de64f59a156d56d4ab562b035c07cc0ef14c1b6c573e');
INSERT INTO "ledger" VALUES(64,'2026-11-22 02:35:00.008000','policy','Decided','v56m43u3pvpyh9683ef8','{"rows":[{"id":"v56m43u3pvpyh9683ef8","set":{"decision":{"because":["ada@example.com is on call in sre-primary at level 1"],"facts":[{"at":"2026-11-22T02:35:00.008000Z","by":null,"fact":"on_call:sre-primary","since":null,"source":"settings","value":"true"}],"rule":"on call","verdict":"grant"},"duration_seconds":14400,"max_seconds":14400,"over_limit":false,"policy_digest":"sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661","subjects":[["orders-db","ada"]]},"table":"request"}],"rule":"on call","verdict":"grant"}','9d5f8809dba3c3aab858de64f59a156d56d4ab562b035c07cc0ef14c1b6c573e','a5d9e7f56d8414aba94af16ef0ce6faae6f19d7606966ebf1204484da11065f5');
INSERT INTO "ledger" VALUES(65,'2026-11-22 02:35:00.008000','policy','GrantPlanned','v56m43u3pvpyh9683ef8','{"rows":[{"id":"v56m43u3pvpyh9683ef8","set":{"confirm_by":null,"confirm_due":null,"decide_by":null,"ends_at":"2026-11-22T06:35:00.008000Z","granted_at":"2026-11-22T02:35:00.008000Z","plan":null,"state":"granting","state_at":"2026-11-22T02:35:00.008000Z"},"table":"request"},{"id":"8ba5ck9p5j8jayd8syw7","set":{"access":{"role":"incident_writer"},"already_had":false,"connector":"orders-db","ends_at":"2026-11-22T06:35:00.008000Z","expiry":"worker","granted_at":null,"hold_id":"66d9953b2b2839cff1b40197b6120132","id":"8ba5ck9p5j8jayd8syw7","left_because":null,"left_behind":null,"n":0,"planned_at":"2026-11-22T02:35:00.008000Z","receipt":null,"request_id":"v56m43u3pvpyh9683ef8","revoke_verified_at":null,"revoked_at":null,"sessions":null,"state":"planned","subject":"ada","verified_at":null},"table":"grant"}],"rule":"on call"}','a5d9e7f56d8414aba94af16ef0ce6faae6f19d7606966ebf1204484da11065f5','45d77cd739872163cee803a88ee7ade7c090891e384c7c0a273c7a1a252c8859');
INSERT INTO "ledger" VALUES(66,'2026-11-22 02:35:00.008000','worker','GrantBegun','v56m43u3pvpyh9683ef8','{"grant":"8ba5ck9p5j8jayd8syw7","rows":[{"id":"8ba5ck9p5j8jayd8syw7","set":{"state":"granting"},"table":"grant"}]}','45d77cd739872163cee803a88ee7ade7c090891e384c7c0a273c7a1a252c8859','333e9eaa81c45d5c99a8f96c43a9aa8405c0c26a119077cec78a2ab8c52d0d80');
INSERT INTO "ledger" VALUES(67,'2026-11-22 02:35:00.008000','worker','GrantVerified','v56m43u3pvpyh9683ef8','{"grant":"8ba5ck9p5j8jayd8syw7","rows":[{"id":"8ba5ck9p5j8jayd8syw7","set":{"granted_at":"2026-11-22T02:35:00.008000Z","receipt":{"role_oid":16392,"subject_oid":16385,"xid":774},"state":"active","verified_at":"2026-11-22T02:35:00.008000Z"},"table":"grant"}]}','333e9eaa81c45d5c99a8f96c43a9aa8405c0c26a119077cec78a2ab8c52d0d80','7b3ec199552c5e4dfec9c9912290383d7d8c9e91659d0130b07eaedbca08916f');
INSERT INTO "ledger" VALUES(68,'2026-11-22 02:35:00.008000','worker','RequestActive','v56m43u3pvpyh9683ef8','{"rows":[{"id":"v56m43u3pvpyh9683ef8","set":{"active_at":"2026-11-22T02:35:00.008000Z","state":"active","state_at":"2026-11-22T02:35:00.008000Z"},"table":"request"}]}','7b3ec199552c5e4dfec9c9912290383d7d8c9e91659d0130b07eaedbca08916f','ea1e8d5d372861c87f8b378c7524d69b61247fe0fa134aada349816ecd9f417d');
INSERT INTO "ledger" VALUES(69,'2026-11-22 02:35:00.008000','worker','AlertDelivered','v56m43u3pvpyh9683ef8','{"channel":"C0SECURITY","notice":73,"ts":"1795314900.008002"}','ea1e8d5d372861c87f8b378c7524d69b61247fe0fa134aada349816ecd9f417d','38ff4ea5e07fa381e02914d64609da32a65a5706e1b3d30e247fe81415244955');
INSERT INTO "ledger" VALUES(70,'2026-11-22 02:35:00.009000','slack:T0ACME/U0ALAN','RequestOpened','vgkqy6df6736kmm73awn','{"rows":[{"id":"vgkqy6df6736kmm73awn","set":{"active_at":null,"asked_seconds":7200,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"vgkqy6df6736kmm73awn","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"orders-db","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:35:00.009000Z","round":0,"slack_user":"U0ALAN","stage":0,"state":"deciding","state_at":"2026-11-22T02:35:00.009000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','38ff4ea5e07fa381e02914d64609da32a65a5706e1b3d30e247fe81415244955','1819f1405ae889a6ecfce70211bed271eaad888ca8a4418fbd00cb3c8df4d5a2');
INSERT INTO "ledger" VALUES(71,'2026-11-22 02:35:00.009000','policy','RequesterKnown','vgkqy6df6736kmm73awn','{"rows":[{"id":"vgkqy6df6736kmm73awn","set":{"email":"alan@example.com","name":"Alan Turing"},"table":"request"}]}','1819f1405ae889a6ecfce70211bed271eaad888ca8a4418fbd00cb3c8df4d5a2','ce0a94304e064a5b2f01a8cbe60f7e42d1ef931153893cea979232ec1072bd8c');
INSERT INTO "ledger" VALUES(72,'2026-11-22 02:35:00.009000','policy','Decided','vgkqy6df6736kmm73awn','{"rows":[{"id":"vgkqy6df6736kmm73awn","set":{"decision":{"because":["alan@example.com is in group engineering"],"facts":[{"at":"2026-11-22T02:35:00.009000Z","by":null,"fact":"group:engineering","since":null,"source":"settings","value":"true"}],"rule":"engineering","verdict":"approve"},"duration_seconds":7200,"max_seconds":14400,"over_limit":false,"policy_digest":"sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661","subjects":[["orders-db","alan"]]},"table":"request"}],"rule":"engineering","verdict":"approve"}','ce0a94304e064a5b2f01a8cbe60f7e42d1ef931153893cea979232ec1072bd8c','27b3538f131bf37527ae8ce761711a44f9691aa2a093e9750f31bd6c63379b93');
INSERT INTO "ledger" VALUES(73,'2026-11-22 02:35:00.009000','policy','ApprovalAsked','vgkqy6df6736kmm73awn','{"rows":[{"id":"vgkqy6df6736kmm73awn","set":{"decide_by":"2026-11-22T02:45:00.009000Z","plan":[[{"by":["group:leads"],"count":1,"remind_seconds":240,"within_seconds":600}]],"stage":1,"state":"pending","state_at":"2026-11-22T02:35:00.009000Z","step":1,"step_at":"2026-11-22T02:35:00.009000Z"},"table":"request"}],"stage":1,"step":1}','27b3538f131bf37527ae8ce761711a44f9691aa2a093e9750f31bd6c63379b93','975dacacceee3be05b745b498b5d9518bb5bacbbc0bd8058c596c87914a33167');
INSERT INTO "ledger" VALUES(74,'2026-11-22 02:35:00.009000','worker','AlertDelivered','vgkqy6df6736kmm73awn','{"channel":"C0SECURITY","notice":77,"ts":"1795314900.009002"}','975dacacceee3be05b745b498b5d9518bb5bacbbc0bd8058c596c87914a33167','f1d2ce0225dc12895a951292d91936226bce929b5c210a14c23366a70647dbbd');
INSERT INTO "ledger" VALUES(75,'2026-11-22 02:36:00.010000','slack:T0ACME/U0HEIDI','RequestOpened','esgdsa95278xbjbx6usq','{"rows":[{"id":"esgdsa95278xbjbx6usq","set":{"active_at":null,"asked_seconds":3600,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"esgdsa95278xbjbx6usq","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"reading","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:36:00.010000Z","round":0,"slack_user":"U0HEIDI","stage":0,"state":"deciding","state_at":"2026-11-22T02:36:00.010000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','f1d2ce0225dc12895a951292d91936226bce929b5c210a14c23366a70647dbbd','cca5d83f2cd968a7501ecc0171e1f2480f3ad24ff88f51d54cb7ca719c77f022');
INSERT INTO "ledger" VALUES(76,'2026-11-22 02:36:00.010000','policy','RequesterKnown','esgdsa95278xbjbx6usq','{"rows":[{"id":"esgdsa95278xbjbx6usq","set":{"email":"heidi@example.com","name":"Heidi Lamarr"},"table":"request"}]}','cca5d83f2cd968a7501ecc0171e1f2480f3ad24ff88f51d54cb7ca719c77f022','ba2f18c66c9dd2e67fd4cfe68b42dbcf2b460e0d934679226dc5accb95eb618b');
INSERT INTO "ledger" VALUES(77,'2026-11-22 02:36:00.010000','policy','Decided','esgdsa95278xbjbx6usq','{"rows":[{"id":"esgdsa95278xbjbx6usq","set":{"decision":{"because":["heidi@example.com is in group engineering"],"facts":[{"at":"2026-11-22T02:36:00.010000Z","by":null,"fact":"group:engineering","since":null,"source":"settings","value":"true"}],"rule":"engineering","verdict":"grant"},"duration_seconds":3600,"max_seconds":14400,"over_limit":false,"policy_digest":"sha256:3625bf26d8ca92ec565d105f5b69d56c5b79ba1beddd90aab2af492943eeade5","subjects":[["orders-db","heidi"]]},"table":"request"}],"rule":"engineering","verdict":"grant"}','ba2f18c66c9dd2e67fd4cfe68b42dbcf2b460e0d934679226dc5accb95eb618b','ec3b3fe3a4fa2229c4b735198840017bdfe1a9c9e197fa13592f10e46f15ba83');
INSERT INTO "ledger" VALUES(78,'2026-11-22 02:36:00.010000','policy','GrantPlanned','esgdsa95278xbjbx6usq','{"rows":[{"id":"esgdsa95278xbjbx6usq","set":{"confirm_by":null,"confirm_due":null,"decide_by":null,"ends_at":"2026-11-22T03:36:00.010000Z","granted_at":"2026-11-22T02:36:00.010000Z","plan":null,"state":"granting","state_at":"2026-11-22T02:36:00.010000Z"},"table":"request"},{"id":"m3jg8z7pwdm3sr9du9vf","set":{"access":{"role":"incident_reader"},"already_had":false,"connector":"orders-db","ends_at":"2026-11-22T03:36:00.010000Z","expiry":"worker","granted_at":null,"hold_id":"c7addbe89c05f74e3b21a19ba0ee0e12","id":"m3jg8z7pwdm3sr9du9vf","left_because":null,"left_behind":null,"n":0,"planned_at":"2026-11-22T02:36:00.010000Z","receipt":null,"request_id":"esgdsa95278xbjbx6usq","revoke_verified_at":null,"revoked_at":null,"sessions":null,"state":"planned","subject":"heidi","verified_at":null},"table":"grant"}],"rule":"engineering"}','ec3b3fe3a4fa2229c4b735198840017bdfe1a9c9e197fa13592f10e46f15ba83','833eeb76fa1767e8931ab665b211946cb2b111c87690e76f708a5e7bba2ed8d8');
INSERT INTO "ledger" VALUES(79,'2026-11-22 02:36:00.010000','clock','EndBegun','xtpwygjymxvb6grkh9uz','{"because":"expired","reason":null,"rows":[{"id":"xtpwygjymxvb6grkh9uz","set":{"decide_by":null,"ended_because":"expired","ended_by":"clock","ended_reason":null,"plan":null,"state":"revoking","state_at":"2026-11-22T02:36:00.010000Z"},"table":"request"},{"id":"8e5cfx3zr7dutuvnh47m","set":{"state":"revoking"},"table":"grant"}]}','833eeb76fa1767e8931ab665b211946cb2b111c87690e76f708a5e7bba2ed8d8','d14ab35edd23b6f0530e6dcc2b63fc382aa809c686a122c3b6af6d2ca5eeb015');
INSERT INTO "ledger" VALUES(80,'2026-11-22 02:36:00.010000','worker','RevokeAttemptFailed','xtpwygjymxvb6grkh9uz','{"error":"orders-db has no database of the DSN''s name, or the bot may not connect to it","grant":"8e5cfx3zr7dutuvnh47m"}','d14ab35edd23b6f0530e6dcc2b63fc382aa809c686a122c3b6af6d2ca5eeb015','d12ac25acbe8df9cdb4048c75ccba933e5bbb861153bf6bd94a80387c88012af');
INSERT INTO "ledger" VALUES(81,'2026-11-22 02:36:00.011000','slack:T0ACME/U0ADA','RequestOpened','7xngjvja35ahss87zax9','{"rows":[{"id":"7xngjvja35ahss87zax9","set":{"active_at":null,"asked_seconds":1800,"confirm_by":null,"confirm_due":null,"confirmed_at":null,"confirmed_by":null,"decide_by":null,"decision":null,"duration_seconds":null,"email":null,"ended_at":null,"ended_because":null,"ended_by":null,"ended_reason":null,"ends_at":null,"extended_seconds":0,"extension_seconds":null,"extensions":0,"granted_at":null,"id":"7xngjvja35ahss87zax9","incident":"INC-1234","max_seconds":null,"name":"","over_limit":false,"plan":null,"policy":"reading","policy_digest":null,"reason":"INC-1234 replica lag","requested_at":"2026-11-22T02:36:00.011000Z","round":0,"slack_user":"U0ADA","stage":0,"state":"deciding","state_at":"2026-11-22T02:36:00.011000Z","step":0,"step_at":null,"subjects":null,"team":"T0ACME"},"table":"request"}]}','d12ac25acbe8df9cdb4048c75ccba933e5bbb861153bf6bd94a80387c88012af','72c5c0b190b8967c55c5d1174fe43131dd6609daabc58b873ae26cc885ec9480');
CREATE TABLE ledger_head (
	id INTEGER NOT NULL, 
	seq INTEGER NOT NULL, 
	hash VARCHAR NOT NULL, 
	PRIMARY KEY (id)
);
INSERT INTO "ledger_head" VALUES(1,81,'72c5c0b190b8967c55c5d1174fe43131dd6609daabc58b873ae26cc885ec9480');
CREATE TABLE message (
	slot VARCHAR NOT NULL, 
	channel VARCHAR NOT NULL, 
	ts VARCHAR NOT NULL, 
	PRIMARY KEY (slot)
);
INSERT INTO "message" VALUES('status:3pbkqs389myanwbheauj','D0DMMALLORY','1795313400.001001');
INSERT INTO "message" VALUES('card:3pbkqs389myanwbheauj:C0SECURITY','C0SECURITY','1795313400.001002');
INSERT INTO "message" VALUES('status:6jqwgy952pptb7z6qkw4','D0DM0ALAN','1795313400.002001');
INSERT INTO "message" VALUES('card:6jqwgy952pptb7z6qkw4:C0SECURITY','C0SECURITY','1795313400.002002');
INSERT INTO "message" VALUES('ask:6jqwgy952pptb7z6qkw4:0:C0APPROVALS','C0APPROVALS','1795313400.002003');
INSERT INTO "message" VALUES('ask:6jqwgy952pptb7z6qkw4:0:to:grace@example.com','D0DMGRACE','1795313400.002004');
INSERT INTO "message" VALUES('ask:6jqwgy952pptb7z6qkw4:0:to:heidi@example.com','D0DMHEIDI','1795313400.002005');
INSERT INTO "message" VALUES('status:qrkmm7ntjfmhqjzj5vrj','D0DM0ALAN','1795313400.003001');
INSERT INTO "message" VALUES('card:qrkmm7ntjfmhqjzj5vrj:C0SECURITY','C0SECURITY','1795313400.003002');
INSERT INTO "message" VALUES('ask:qrkmm7ntjfmhqjzj5vrj:0:C0APPROVALS','C0APPROVALS','1795313400.003003');
INSERT INTO "message" VALUES('ask:qrkmm7ntjfmhqjzj5vrj:0:to:grace@example.com','D0DMGRACE','1795313400.003004');
INSERT INTO "message" VALUES('ask:qrkmm7ntjfmhqjzj5vrj:0:to:heidi@example.com','D0DMHEIDI','1795313400.003005');
INSERT INTO "message" VALUES('status:kt7c2qd37ny2cbr9b9sf','D0DM0ALAN','1795313400.004001');
INSERT INTO "message" VALUES('card:kt7c2qd37ny2cbr9b9sf:C0SECURITY','C0SECURITY','1795313400.004002');
INSERT INTO "message" VALUES('ask:kt7c2qd37ny2cbr9b9sf:0:C0APPROVALS','C0APPROVALS','1795313400.004003');
INSERT INTO "message" VALUES('ask:kt7c2qd37ny2cbr9b9sf:0:to:grace@example.com','D0DMGRACE','1795313400.004004');
INSERT INTO "message" VALUES('ask:kt7c2qd37ny2cbr9b9sf:0:to:heidi@example.com','D0DMHEIDI','1795313400.004005');
INSERT INTO "message" VALUES('status:htjbtv3fwa5an7uexf6m','D0DM00ADA','1795314000.005001');
INSERT INTO "message" VALUES('card:htjbtv3fwa5an7uexf6m:C0SECURITY','C0SECURITY','1795314000.005002');
INSERT INTO "message" VALUES('status:qqkheksqz99cdrrz2bhb','D0DMHEIDI','1795314660.006000');
INSERT INTO "message" VALUES('card:qqkheksqz99cdrrz2bhb:C0SECURITY','C0SECURITY','1795314660.006001');
INSERT INTO "message" VALUES('status:xtpwygjymxvb6grkh9uz','D0DMGRACE','1795314660.007001');
INSERT INTO "message" VALUES('card:xtpwygjymxvb6grkh9uz:C0SECURITY','C0SECURITY','1795314660.007002');
INSERT INTO "message" VALUES('status:v56m43u3pvpyh9683ef8','D0DM00ADA','1795314900.008001');
INSERT INTO "message" VALUES('card:v56m43u3pvpyh9683ef8:C0SECURITY','C0SECURITY','1795314900.008002');
INSERT INTO "message" VALUES('status:vgkqy6df6736kmm73awn','D0DM0ALAN','1795314900.009001');
INSERT INTO "message" VALUES('card:vgkqy6df6736kmm73awn:C0SECURITY','C0SECURITY','1795314900.009002');
INSERT INTO "message" VALUES('ask:vgkqy6df6736kmm73awn:0:C0APPROVALS','C0APPROVALS','1795314900.009003');
INSERT INTO "message" VALUES('ask:vgkqy6df6736kmm73awn:0:to:grace@example.com','D0DMGRACE','1795314900.009004');
INSERT INTO "message" VALUES('ask:vgkqy6df6736kmm73awn:0:to:heidi@example.com','D0DMHEIDI','1795314900.009005');
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
INSERT INTO "notice" VALUES(1,'dm:T0ACME:U0MALLORY',2,'hearing','3pbkqs389myanwbheauj',NULL,'{}',NULL,'2026-11-22 02:10:00.001000','2026-11-22 02:10:00.701000',1,0,0,'2026-11-22 02:14:00.004000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(2,'dm:T0ACME:U0MALLORY',2,'waiting','3pbkqs389myanwbheauj',NULL,'{}',NULL,'2026-11-22 02:10:00.001000','2026-11-22 02:10:05.001000',1,0,0,'2026-11-22 02:14:00.004000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(3,'dm:T0ACME:U0MALLORY',4,'status','3pbkqs389myanwbheauj','status:3pbkqs389myanwbheauj','{}',NULL,'2026-11-22 02:10:00.001000','2026-11-22 02:10:00.001000',1,0,0,'2026-11-22 02:10:00.001000','1795313400.001001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(4,'C0SECURITY',4,'card','3pbkqs389myanwbheauj','card:3pbkqs389myanwbheauj:C0SECURITY','{}','3·ee0c3b19','2026-11-22 02:10:00.001000','2026-11-22 02:10:00.001000',1,0,0,'2026-11-22 02:10:00.001000','1795313400.001002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(5,'dm:T0ACME:U0ALAN',2,'hearing','6jqwgy952pptb7z6qkw4',NULL,'{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.702000',1,0,0,'2026-11-22 02:14:00.004000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(6,'dm:T0ACME:U0ALAN',2,'waiting','6jqwgy952pptb7z6qkw4',NULL,'{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:05.002000',1,0,0,'2026-11-22 02:14:00.004000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(7,'dm:T0ACME:U0ALAN',2,'status','6jqwgy952pptb7z6qkw4','status:6jqwgy952pptb7z6qkw4','{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(8,'C0SECURITY',2,'card','6jqwgy952pptb7z6qkw4','card:6jqwgy952pptb7z6qkw4:C0SECURITY','{}','9·2bfb4d2f','2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(9,'C0APPROVALS',2,'ask','6jqwgy952pptb7z6qkw4','ask:6jqwgy952pptb7z6qkw4:0:C0APPROVALS','{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002003',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(10,'to:grace@example.com',2,'ask','6jqwgy952pptb7z6qkw4','ask:6jqwgy952pptb7z6qkw4:0:to:grace@example.com','{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002004',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(11,'to:heidi@example.com',2,'ask','6jqwgy952pptb7z6qkw4','ask:6jqwgy952pptb7z6qkw4:0:to:heidi@example.com','{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002005',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(12,'dm:T0ACME:U0ALAN',3,'status','6jqwgy952pptb7z6qkw4','status:6jqwgy952pptb7z6qkw4','{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(13,'dm:T0ACME:U0ALAN',3,'line','6jqwgy952pptb7z6qkw4',NULL,'{"event": "denied", "by": "heidi@example.com", "reason": "Not tonight."}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002012',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(14,'C0SECURITY',3,'card','6jqwgy952pptb7z6qkw4','card:6jqwgy952pptb7z6qkw4:C0SECURITY','{}','15·ad3f612d','2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(15,'C0SECURITY',3,'event','6jqwgy952pptb7z6qkw4',NULL,'{"event": "denied", "by": "heidi@example.com", "reason": "Not tonight."}','15·ad3f612d','2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002014',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(16,'C0APPROVALS',2,'ask','6jqwgy952pptb7z6qkw4','ask:6jqwgy952pptb7z6qkw4:0:C0APPROVALS','{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002003',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(17,'to:grace@example.com',2,'ask','6jqwgy952pptb7z6qkw4','ask:6jqwgy952pptb7z6qkw4:0:to:grace@example.com','{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002004',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(18,'to:heidi@example.com',2,'ask','6jqwgy952pptb7z6qkw4','ask:6jqwgy952pptb7z6qkw4:0:to:heidi@example.com','{}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002005',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(19,'dm:T0ACME:U0HEIDI',2,'outcome','6jqwgy952pptb7z6qkw4',NULL,'{"text": "Denied.", "channel": null}',NULL,'2026-11-22 02:10:00.002000','2026-11-22 02:10:00.002000',1,0,0,'2026-11-22 02:10:00.002000','1795313400.002010',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(20,'dm:T0ACME:U0ALAN',2,'hearing','qrkmm7ntjfmhqjzj5vrj',NULL,'{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.703000',1,0,0,'2026-11-22 02:14:00.004000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(21,'dm:T0ACME:U0ALAN',2,'waiting','qrkmm7ntjfmhqjzj5vrj',NULL,'{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:05.003000',1,0,0,'2026-11-22 02:14:00.004000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(22,'dm:T0ACME:U0ALAN',2,'status','qrkmm7ntjfmhqjzj5vrj','status:qrkmm7ntjfmhqjzj5vrj','{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(23,'C0SECURITY',2,'card','qrkmm7ntjfmhqjzj5vrj','card:qrkmm7ntjfmhqjzj5vrj:C0SECURITY','{}','20·80ea035e','2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(24,'C0APPROVALS',2,'ask','qrkmm7ntjfmhqjzj5vrj','ask:qrkmm7ntjfmhqjzj5vrj:0:C0APPROVALS','{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003003',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(25,'to:grace@example.com',2,'ask','qrkmm7ntjfmhqjzj5vrj','ask:qrkmm7ntjfmhqjzj5vrj:0:to:grace@example.com','{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003004',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(26,'to:heidi@example.com',2,'ask','qrkmm7ntjfmhqjzj5vrj','ask:qrkmm7ntjfmhqjzj5vrj:0:to:heidi@example.com','{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003005',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(27,'dm:T0ACME:U0ALAN',3,'status','qrkmm7ntjfmhqjzj5vrj','status:qrkmm7ntjfmhqjzj5vrj','{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(28,'dm:T0ACME:U0ALAN',3,'line','qrkmm7ntjfmhqjzj5vrj',NULL,'{"event": "cancelled", "by": "alan@example.com", "reason": null}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003012',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(29,'C0SECURITY',3,'card','qrkmm7ntjfmhqjzj5vrj','card:qrkmm7ntjfmhqjzj5vrj:C0SECURITY','{}','24·ec7e27cc','2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(30,'C0SECURITY',3,'event','qrkmm7ntjfmhqjzj5vrj',NULL,'{"event": "cancelled", "by": "alan@example.com", "reason": null}','24·ec7e27cc','2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003014',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(31,'C0APPROVALS',2,'ask','qrkmm7ntjfmhqjzj5vrj','ask:qrkmm7ntjfmhqjzj5vrj:0:C0APPROVALS','{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003003',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(32,'to:grace@example.com',2,'ask','qrkmm7ntjfmhqjzj5vrj','ask:qrkmm7ntjfmhqjzj5vrj:0:to:grace@example.com','{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003004',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(33,'to:heidi@example.com',2,'ask','qrkmm7ntjfmhqjzj5vrj','ask:qrkmm7ntjfmhqjzj5vrj:0:to:heidi@example.com','{}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003005',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(34,'dm:T0ACME:U0ALAN',2,'outcome','qrkmm7ntjfmhqjzj5vrj',NULL,'{"text": "Cancelled.", "channel": "D0DM0ALAN"}',NULL,'2026-11-22 02:10:00.003000','2026-11-22 02:10:00.003000',1,0,0,'2026-11-22 02:10:00.003000','1795313400.003010',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(35,'dm:T0ACME:U0ALAN',2,'hearing','kt7c2qd37ny2cbr9b9sf',NULL,'{}',NULL,'2026-11-22 02:10:00.004000','2026-11-22 02:10:00.704000',1,0,0,'2026-11-22 02:14:00.004000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(36,'dm:T0ACME:U0ALAN',2,'waiting','kt7c2qd37ny2cbr9b9sf',NULL,'{}',NULL,'2026-11-22 02:10:00.004000','2026-11-22 02:10:05.004000',1,0,0,'2026-11-22 02:14:00.004000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(37,'dm:T0ACME:U0ALAN',2,'status','kt7c2qd37ny2cbr9b9sf','status:kt7c2qd37ny2cbr9b9sf','{}',NULL,'2026-11-22 02:10:00.004000','2026-11-22 02:10:00.004000',1,0,0,'2026-11-22 02:10:00.004000','1795313400.004001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(38,'C0SECURITY',2,'card','kt7c2qd37ny2cbr9b9sf','card:kt7c2qd37ny2cbr9b9sf:C0SECURITY','{}','29·d31bb91b','2026-11-22 02:10:00.004000','2026-11-22 02:10:00.004000',1,0,0,'2026-11-22 02:10:00.004000','1795313400.004002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(39,'C0APPROVALS',2,'ask','kt7c2qd37ny2cbr9b9sf','ask:kt7c2qd37ny2cbr9b9sf:0:C0APPROVALS','{}',NULL,'2026-11-22 02:10:00.004000','2026-11-22 02:10:00.004000',1,0,0,'2026-11-22 02:10:00.004000','1795313400.004003',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(40,'to:grace@example.com',2,'ask','kt7c2qd37ny2cbr9b9sf','ask:kt7c2qd37ny2cbr9b9sf:0:to:grace@example.com','{}',NULL,'2026-11-22 02:10:00.004000','2026-11-22 02:10:00.004000',1,0,0,'2026-11-22 02:10:00.004000','1795313400.004004',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(41,'to:heidi@example.com',2,'ask','kt7c2qd37ny2cbr9b9sf','ask:kt7c2qd37ny2cbr9b9sf:0:to:heidi@example.com','{}',NULL,'2026-11-22 02:10:00.004000','2026-11-22 02:10:00.004000',1,0,0,'2026-11-22 02:10:00.004000','1795313400.004005',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(42,'C0APPROVALS',2,'reminder','kt7c2qd37ny2cbr9b9sf',NULL,'{}',NULL,'2026-11-22 02:14:00.004000','2026-11-22 02:14:00.004000',1,0,0,'2026-11-22 02:14:00.004000','1795313640.004000',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(43,'to:grace@example.com',2,'reminder','kt7c2qd37ny2cbr9b9sf',NULL,'{}',NULL,'2026-11-22 02:14:00.004000','2026-11-22 02:14:00.004000',1,0,0,'2026-11-22 02:14:00.004000','1795313640.004001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(44,'to:heidi@example.com',2,'reminder','kt7c2qd37ny2cbr9b9sf',NULL,'{}',NULL,'2026-11-22 02:14:00.004000','2026-11-22 02:14:00.004000',1,0,0,'2026-11-22 02:14:00.004000','1795313640.004002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(45,'dm:T0ACME:U0ALAN',3,'status','kt7c2qd37ny2cbr9b9sf','status:kt7c2qd37ny2cbr9b9sf','{}',NULL,'2026-11-22 02:20:00.004000','2026-11-22 02:20:00.004000',1,0,0,'2026-11-22 02:20:00.004000','1795313400.004001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(46,'dm:T0ACME:U0ALAN',3,'line','kt7c2qd37ny2cbr9b9sf',NULL,'{"event": "timed_out", "by": "clock", "reason": "Nobody with the right to decide answered in time."}',NULL,'2026-11-22 02:20:00.004000','2026-11-22 02:20:00.004000',1,0,0,'2026-11-22 02:20:00.004000','1795314000.004004',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(47,'C0SECURITY',3,'card','kt7c2qd37ny2cbr9b9sf','card:kt7c2qd37ny2cbr9b9sf:C0SECURITY','{}','32·c5906cf8','2026-11-22 02:20:00.004000','2026-11-22 02:20:00.004000',1,0,0,'2026-11-22 02:20:00.004000','1795313400.004002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(48,'C0SECURITY',3,'event','kt7c2qd37ny2cbr9b9sf',NULL,'{"event": "timed_out", "by": "clock", "reason": "Nobody with the right to decide answered in time."}','32·c5906cf8','2026-11-22 02:20:00.004000','2026-11-22 02:20:00.004000',1,0,0,'2026-11-22 02:20:00.004000','1795314000.004006',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(49,'C0APPROVALS',2,'ask','kt7c2qd37ny2cbr9b9sf','ask:kt7c2qd37ny2cbr9b9sf:0:C0APPROVALS','{}',NULL,'2026-11-22 02:20:00.004000','2026-11-22 02:20:00.004000',1,0,0,'2026-11-22 02:20:00.004000','1795313400.004003',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(50,'to:grace@example.com',2,'ask','kt7c2qd37ny2cbr9b9sf','ask:kt7c2qd37ny2cbr9b9sf:0:to:grace@example.com','{}',NULL,'2026-11-22 02:20:00.004000','2026-11-22 02:20:00.004000',1,0,0,'2026-11-22 02:20:00.004000','1795313400.004004',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(51,'to:heidi@example.com',2,'ask','kt7c2qd37ny2cbr9b9sf','ask:kt7c2qd37ny2cbr9b9sf:0:to:heidi@example.com','{}',NULL,'2026-11-22 02:20:00.004000','2026-11-22 02:20:00.004000',1,0,0,'2026-11-22 02:20:00.004000','1795313400.004005',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(52,'dm:T0ACME:U0ADA',2,'hearing','htjbtv3fwa5an7uexf6m',NULL,'{}',NULL,'2026-11-22 02:20:00.005000','2026-11-22 02:20:00.705000',1,0,0,'2026-11-22 02:25:00.005000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(53,'dm:T0ACME:U0ADA',2,'waiting','htjbtv3fwa5an7uexf6m',NULL,'{}',NULL,'2026-11-22 02:20:00.005000','2026-11-22 02:20:05.005000',1,0,0,'2026-11-22 02:25:00.005000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(54,'dm:T0ACME:U0ADA',1,'status','htjbtv3fwa5an7uexf6m','status:htjbtv3fwa5an7uexf6m','{}',NULL,'2026-11-22 02:20:00.005000','2026-11-22 02:20:00.005000',1,0,0,'2026-11-22 02:20:00.005000','1795314000.005001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(55,'C0SECURITY',1,'card','htjbtv3fwa5an7uexf6m','card:htjbtv3fwa5an7uexf6m:C0SECURITY','{}','41·69412449','2026-11-22 02:20:00.005000','2026-11-22 02:20:00.005000',1,0,0,'2026-11-22 02:20:00.005000','1795314000.005002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(56,'dm:T0ACME:U0ADA',0,'status','htjbtv3fwa5an7uexf6m','status:htjbtv3fwa5an7uexf6m','{}',NULL,'2026-11-22 02:25:00.005000','2026-11-22 02:25:00.005000',1,0,0,'2026-11-22 02:25:00.005000','1795314000.005001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(57,'C0SECURITY',0,'card','htjbtv3fwa5an7uexf6m','card:htjbtv3fwa5an7uexf6m:C0SECURITY','{}','45·d21b55ac','2026-11-22 02:25:00.005000','2026-11-22 02:25:00.005000',1,0,0,'2026-11-22 02:25:00.005000','1795314000.005002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(58,'dm:T0ACME:U0ADA',0,'status','htjbtv3fwa5an7uexf6m','status:htjbtv3fwa5an7uexf6m','{}',NULL,'2026-11-22 02:25:00.005000','2026-11-22 02:25:00.005000',0,0,0,'2026-11-22 02:25:00.005000','1795314000.005001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(59,'dm:T0ACME:U0ADA',0,'line','htjbtv3fwa5an7uexf6m',NULL,'{"event": "revoked", "by": "clock", "reason": null}',NULL,'2026-11-22 02:25:00.005000','2026-11-22 02:25:00.005000',1,0,0,'2026-11-22 02:25:00.005000','1795314300.005002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(60,'C0SECURITY',0,'card','htjbtv3fwa5an7uexf6m','card:htjbtv3fwa5an7uexf6m:C0SECURITY','{}','45·d21b55ac','2026-11-22 02:25:00.005000','2026-11-22 02:25:00.005000',0,0,0,'2026-11-22 02:25:00.005000','1795314000.005002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(61,'C0SECURITY',0,'event','htjbtv3fwa5an7uexf6m',NULL,'{"event": "revoked", "by": "clock", "reason": null}','45·d21b55ac','2026-11-22 02:25:00.005000','2026-11-22 02:25:00.005000',1,0,0,'2026-11-22 02:25:00.005000','1795314300.005003',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(62,'dm:T0ACME:U0HEIDI',2,'hearing','qqkheksqz99cdrrz2bhb',NULL,'{}',NULL,'2026-11-22 02:25:00.006000','2026-11-22 02:25:00.706000',1,0,0,'2026-11-22 02:31:00.006000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(63,'dm:T0ACME:U0HEIDI',2,'waiting','qqkheksqz99cdrrz2bhb',NULL,'{}',NULL,'2026-11-22 02:25:00.006000','2026-11-22 02:25:05.006000',1,0,0,'2026-11-22 02:31:00.006000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(64,'dm:T0ACME:U0HEIDI',0,'status','qqkheksqz99cdrrz2bhb','status:qqkheksqz99cdrrz2bhb','{}',NULL,'2026-11-22 02:31:00.006000','2026-11-22 02:31:00.006000',1,0,0,'2026-11-22 02:31:00.006000','1795314660.006000',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(65,'C0SECURITY',0,'card','qqkheksqz99cdrrz2bhb','card:qqkheksqz99cdrrz2bhb:C0SECURITY','{}','51·cae32640','2026-11-22 02:31:00.006000','2026-11-22 02:31:00.006000',1,0,0,'2026-11-22 02:31:00.006000','1795314660.006001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(66,'dm:T0ACME:U0GRACE',2,'hearing','xtpwygjymxvb6grkh9uz',NULL,'{}',NULL,'2026-11-22 02:31:00.007000','2026-11-22 02:31:00.707000',1,0,0,'2026-11-22 02:35:00.008000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(67,'dm:T0ACME:U0GRACE',2,'waiting','xtpwygjymxvb6grkh9uz',NULL,'{}',NULL,'2026-11-22 02:31:00.007000','2026-11-22 02:31:05.007000',1,0,0,'2026-11-22 02:35:00.008000',NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(68,'dm:T0ACME:U0GRACE',1,'status','xtpwygjymxvb6grkh9uz','status:xtpwygjymxvb6grkh9uz','{}',NULL,'2026-11-22 02:31:00.007000','2026-11-22 02:31:00.007000',1,0,0,'2026-11-22 02:31:00.007000','1795314660.007001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(69,'C0SECURITY',1,'card','xtpwygjymxvb6grkh9uz','card:xtpwygjymxvb6grkh9uz:C0SECURITY','{}','60·03c4b797','2026-11-22 02:31:00.007000','2026-11-22 02:31:00.007000',1,0,0,'2026-11-22 02:31:00.007000','1795314660.007002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(70,'dm:T0ACME:U0ADA',2,'hearing','v56m43u3pvpyh9683ef8',NULL,'{}',NULL,'2026-11-22 02:35:00.008000','2026-11-22 02:35:00.708000',0,0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(71,'dm:T0ACME:U0ADA',2,'waiting','v56m43u3pvpyh9683ef8',NULL,'{}',NULL,'2026-11-22 02:35:00.008000','2026-11-22 02:35:05.008000',0,0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(72,'dm:T0ACME:U0ADA',1,'status','v56m43u3pvpyh9683ef8','status:v56m43u3pvpyh9683ef8','{}',NULL,'2026-11-22 02:35:00.008000','2026-11-22 02:35:00.008000',1,0,0,'2026-11-22 02:35:00.008000','1795314900.008001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(73,'C0SECURITY',1,'card','v56m43u3pvpyh9683ef8','card:v56m43u3pvpyh9683ef8:C0SECURITY','{}','68·ea1e8d5d','2026-11-22 02:35:00.008000','2026-11-22 02:35:00.008000',1,0,0,'2026-11-22 02:35:00.008000','1795314900.008002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(74,'dm:T0ACME:U0ALAN',2,'hearing','vgkqy6df6736kmm73awn',NULL,'{}',NULL,'2026-11-22 02:35:00.009000','2026-11-22 02:35:00.709000',0,0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(75,'dm:T0ACME:U0ALAN',2,'waiting','vgkqy6df6736kmm73awn',NULL,'{}',NULL,'2026-11-22 02:35:00.009000','2026-11-22 02:35:05.009000',0,0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(76,'dm:T0ACME:U0ALAN',2,'status','vgkqy6df6736kmm73awn','status:vgkqy6df6736kmm73awn','{}',NULL,'2026-11-22 02:35:00.009000','2026-11-22 02:35:00.009000',1,0,0,'2026-11-22 02:35:00.009000','1795314900.009001',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(77,'C0SECURITY',2,'card','vgkqy6df6736kmm73awn','card:vgkqy6df6736kmm73awn:C0SECURITY','{}','73·975dacac','2026-11-22 02:35:00.009000','2026-11-22 02:35:00.009000',1,0,0,'2026-11-22 02:35:00.009000','1795314900.009002',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(78,'C0APPROVALS',2,'ask','vgkqy6df6736kmm73awn','ask:vgkqy6df6736kmm73awn:0:C0APPROVALS','{}',NULL,'2026-11-22 02:35:00.009000','2026-11-22 02:35:00.009000',1,0,0,'2026-11-22 02:35:00.009000','1795314900.009003',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(79,'to:grace@example.com',2,'ask','vgkqy6df6736kmm73awn','ask:vgkqy6df6736kmm73awn:0:to:grace@example.com','{}',NULL,'2026-11-22 02:35:00.009000','2026-11-22 02:35:00.009000',1,0,0,'2026-11-22 02:35:00.009000','1795314900.009004',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(80,'to:heidi@example.com',2,'ask','vgkqy6df6736kmm73awn','ask:vgkqy6df6736kmm73awn:0:to:heidi@example.com','{}',NULL,'2026-11-22 02:35:00.009000','2026-11-22 02:35:00.009000',1,0,0,'2026-11-22 02:35:00.009000','1795314900.009005',NULL,NULL,NULL);
INSERT INTO "notice" VALUES(81,'dm:T0ACME:U0HEIDI',2,'hearing','esgdsa95278xbjbx6usq',NULL,'{}',NULL,'2026-11-22 02:36:00.010000','2026-11-22 02:36:00.710000',0,0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(82,'dm:T0ACME:U0HEIDI',2,'waiting','esgdsa95278xbjbx6usq',NULL,'{}',NULL,'2026-11-22 02:36:00.010000','2026-11-22 02:36:05.010000',0,0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(83,'dm:T0ACME:U0GRACE',0,'status','xtpwygjymxvb6grkh9uz','status:xtpwygjymxvb6grkh9uz','{}',NULL,'2026-11-22 02:36:00.010000','2026-11-22 02:36:00.010000',0,0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(84,'C0SECURITY',0,'card','xtpwygjymxvb6grkh9uz','card:xtpwygjymxvb6grkh9uz:C0SECURITY','{}','79·d14ab35e','2026-11-22 02:36:00.010000','2026-11-22 02:36:00.010000',0,0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(85,'dm:T0ACME:U0ADA',2,'hearing','7xngjvja35ahss87zax9',NULL,'{}',NULL,'2026-11-22 02:36:00.011000','2026-11-22 02:36:00.711000',0,0,0,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "notice" VALUES(86,'dm:T0ACME:U0ADA',2,'waiting','7xngjvja35ahss87zax9',NULL,'{}',NULL,'2026-11-22 02:36:00.011000','2026-11-22 02:36:05.011000',0,0,0,NULL,NULL,NULL,NULL,NULL);
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
INSERT INTO "press" VALUES('4a5tjgzb6he4zk3qujmn','6jqwgy952pptb7z6qkw4',1,'deny','T0ACME','U0HEIDI','2026-11-22 02:10:00.002000','{"reason": "Not tonight."}','2026-11-22 02:10:00.002000','Denied.');
INSERT INTO "press" VALUES('cpdspxvv78shh5fjwgrq','qrkmm7ntjfmhqjzj5vrj',1,'cancel','T0ACME','U0ALAN','2026-11-22 02:10:00.003000','{"channel": "D0DM0ALAN"}','2026-11-22 02:10:00.003000','Cancelled.');
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
INSERT INTO "request" VALUES('3pbkqs389myanwbheauj','T0ACME','U0MALLORY',NULL,'','orders-db',NULL,'refused','2026-11-22 02:10:00.001000','INC-1234 replica lag','INC-1234','2026-11-22 02:10:00.001000',1800,NULL,NULL,0,0,NULL,NULL,NULL,'{"verdict": "refuse", "rule": null, "because": ["Your Slack account is a guest; only full members can use this."], "facts": []}',0,NULL,0,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'refused','policy','Your Slack account is a guest; only full members can use this.','2026-11-22 02:10:00.001000');
INSERT INTO "request" VALUES('6jqwgy952pptb7z6qkw4','T0ACME','U0ALAN','alan@example.com','Alan Turing','orders-db','sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661','denied','2026-11-22 02:10:00.002000','INC-1234 replica lag','INC-1234','2026-11-22 02:10:00.002000',1800,1800,14400,0,0,NULL,NULL,NULL,'{"verdict": "approve", "rule": "engineering", "because": ["alan@example.com is in group engineering"], "facts": [{"fact": "group:engineering", "value": "true", "source": "settings", "at": "2026-11-22T02:10:00.002000Z", "since": null, "by": null}]}',0,'[["orders-db", "alan"]]',0,'[[{"by": ["group:leads"], "count": 1, "within_seconds": 600, "remind_seconds": 240}]]',1,1,'2026-11-22 02:10:00.002000','2026-11-22 02:20:00.002000',NULL,NULL,NULL,NULL,NULL,'denied','heidi@example.com','Not tonight.','2026-11-22 02:10:00.002000');
INSERT INTO "request" VALUES('qrkmm7ntjfmhqjzj5vrj','T0ACME','U0ALAN','alan@example.com','Alan Turing','orders-db','sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661','cancelled','2026-11-22 02:10:00.003000','INC-1234 replica lag','INC-1234','2026-11-22 02:10:00.003000',1800,1800,14400,0,0,NULL,NULL,NULL,'{"verdict": "approve", "rule": "engineering", "because": ["alan@example.com is in group engineering"], "facts": [{"fact": "group:engineering", "value": "true", "source": "settings", "at": "2026-11-22T02:10:00.003000Z", "since": null, "by": null}]}',0,'[["orders-db", "alan"]]',0,'[[{"by": ["group:leads"], "count": 1, "within_seconds": 600, "remind_seconds": 240}]]',1,1,'2026-11-22 02:10:00.003000','2026-11-22 02:20:00.003000',NULL,NULL,NULL,NULL,NULL,'cancelled','alan@example.com',NULL,'2026-11-22 02:10:00.003000');
INSERT INTO "request" VALUES('kt7c2qd37ny2cbr9b9sf','T0ACME','U0ALAN','alan@example.com','Alan Turing','orders-db','sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661','timed_out','2026-11-22 02:20:00.004000','INC-1234 replica lag','INC-1234','2026-11-22 02:10:00.004000',1800,1800,14400,0,0,NULL,NULL,NULL,'{"verdict": "approve", "rule": "engineering", "because": ["alan@example.com is in group engineering"], "facts": [{"fact": "group:engineering", "value": "true", "source": "settings", "at": "2026-11-22T02:10:00.004000Z", "since": null, "by": null}]}',0,'[["orders-db", "alan"]]',0,'[[{"by": ["group:leads"], "count": 1, "within_seconds": 600, "remind_seconds": 240}]]',1,1,'2026-11-22 02:10:00.004000','2026-11-22 02:20:00.004000',NULL,NULL,NULL,NULL,NULL,'timed_out','clock','Nobody with the right to decide answered in time.','2026-11-22 02:20:00.004000');
INSERT INTO "request" VALUES('htjbtv3fwa5an7uexf6m','T0ACME','U0ADA','ada@example.com','Ada Lovelace','reading','sha256:3625bf26d8ca92ec565d105f5b69d56c5b79ba1beddd90aab2af492943eeade5','revoked','2026-11-22 02:25:00.005000','INC-1234 replica lag','INC-1234','2026-11-22 02:20:00.005000',300,300,14400,0,0,'2026-11-22 02:20:00.005000','2026-11-22 02:20:00.005000','2026-11-22 02:25:00.005000','{"verdict": "grant", "rule": "engineering", "because": ["ada@example.com is in group engineering"], "facts": [{"fact": "group:engineering", "value": "true", "source": "settings", "at": "2026-11-22T02:20:00.005000Z", "since": null, "by": null}]}',0,'[["orders-db", "ada"]]',0,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'expired','clock',NULL,'2026-11-22 02:25:00.005000');
INSERT INTO "request" VALUES('qqkheksqz99cdrrz2bhb','T0ACME','U0HEIDI','heidi@example.com','Heidi Lamarr','reading','sha256:3625bf26d8ca92ec565d105f5b69d56c5b79ba1beddd90aab2af492943eeade5','failed','2026-11-22 02:31:00.006000','INC-1234 replica lag','INC-1234','2026-11-22 02:25:00.006000',1800,1800,14400,0,0,'2026-11-22 02:25:00.006000',NULL,'2026-11-22 02:55:00.006000','{"verdict": "grant", "rule": "engineering", "because": ["heidi@example.com is in group engineering"], "facts": [{"fact": "group:engineering", "value": "true", "source": "settings", "at": "2026-11-22T02:25:00.006000Z", "since": null, "by": null}]}',0,'[["orders-db", "heidi"]]',0,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'failed','worker','orders-db could not give it within 5 minutes.','2026-11-22 02:31:00.006000');
INSERT INTO "request" VALUES('xtpwygjymxvb6grkh9uz','T0ACME','U0GRACE','grace@example.com','Grace Hopper','reading','sha256:3625bf26d8ca92ec565d105f5b69d56c5b79ba1beddd90aab2af492943eeade5','revoking','2026-11-22 02:36:00.010000','INC-1234 replica lag','INC-1234','2026-11-22 02:31:00.007000',300,300,14400,0,0,'2026-11-22 02:31:00.007000','2026-11-22 02:31:00.007000','2026-11-22 02:36:00.007000','{"verdict": "grant", "rule": "engineering", "because": ["grace@example.com is in group engineering"], "facts": [{"fact": "group:engineering", "value": "true", "source": "settings", "at": "2026-11-22T02:31:00.007000Z", "since": null, "by": null}]}',0,'[["orders-db", "grace"]]',0,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'expired','clock',NULL,NULL);
INSERT INTO "request" VALUES('v56m43u3pvpyh9683ef8','T0ACME','U0ADA','ada@example.com','Ada Lovelace','orders-db','sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661','active','2026-11-22 02:35:00.008000','INC-1234 replica lag','INC-1234','2026-11-22 02:35:00.008000',14400,14400,14400,0,0,'2026-11-22 02:35:00.008000','2026-11-22 02:35:00.008000','2026-11-22 06:35:00.008000','{"verdict": "grant", "rule": "on call", "because": ["ada@example.com is on call in sre-primary at level 1"], "facts": [{"fact": "on_call:sre-primary", "value": "true", "source": "settings", "at": "2026-11-22T02:35:00.008000Z", "since": null, "by": null}]}',0,'[["orders-db", "ada"]]',0,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "request" VALUES('vgkqy6df6736kmm73awn','T0ACME','U0ALAN','alan@example.com','Alan Turing','orders-db','sha256:46b70049cf3872d8762656b1ecf513b37d155631e0b403e31abefcc0f3d98661','pending','2026-11-22 02:35:00.009000','INC-1234 replica lag','INC-1234','2026-11-22 02:35:00.009000',7200,7200,14400,0,0,NULL,NULL,NULL,'{"verdict": "approve", "rule": "engineering", "because": ["alan@example.com is in group engineering"], "facts": [{"fact": "group:engineering", "value": "true", "source": "settings", "at": "2026-11-22T02:35:00.009000Z", "since": null, "by": null}]}',0,'[["orders-db", "alan"]]',0,'[[{"by": ["group:leads"], "count": 1, "within_seconds": 600, "remind_seconds": 240}]]',1,1,'2026-11-22 02:35:00.009000','2026-11-22 02:45:00.009000',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "request" VALUES('esgdsa95278xbjbx6usq','T0ACME','U0HEIDI','heidi@example.com','Heidi Lamarr','reading','sha256:3625bf26d8ca92ec565d105f5b69d56c5b79ba1beddd90aab2af492943eeade5','granting','2026-11-22 02:36:00.010000','INC-1234 replica lag','INC-1234','2026-11-22 02:36:00.010000',3600,3600,14400,0,0,'2026-11-22 02:36:00.010000',NULL,'2026-11-22 03:36:00.010000','{"verdict": "grant", "rule": "engineering", "because": ["heidi@example.com is in group engineering"], "facts": [{"fact": "group:engineering", "value": "true", "source": "settings", "at": "2026-11-22T02:36:00.010000Z", "since": null, "by": null}]}',0,'[["orders-db", "heidi"]]',0,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "request" VALUES('7xngjvja35ahss87zax9','T0ACME','U0ADA',NULL,'','reading',NULL,'deciding','2026-11-22 02:36:00.011000','INC-1234 replica lag','INC-1234','2026-11-22 02:36:00.011000',1800,NULL,NULL,0,0,NULL,NULL,NULL,NULL,0,NULL,0,NULL,0,0,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL);
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
INSERT INTO "seen" VALUES('command:69db9a8e59b70534395eb36684ae4d082d000f68736a880ff92acb294a2ec21c','2026-11-22 02:10:00.001000');
INSERT INTO "seen" VALUES('command:c0599547b395029aa967e5fe1fa050a887e5877ed0079ca4da03ec2f4173f6ac','2026-11-22 02:10:00.002000');
INSERT INTO "seen" VALUES('form:4ac3780d1a9680f3d0f287fa2367464d60d939a4402a1ae3dd780a752dc9681d','2026-11-22 02:10:00.002000');
INSERT INTO "seen" VALUES('command:67effee94e623014fff880a40b0cc90b7817d0e9abf421e9b34885aa81bc1142','2026-11-22 02:10:00.003000');
INSERT INTO "seen" VALUES('press:62150bb14adc45cb9b9134bc54be8550d840f386149c5e9ac97aea9cc531bbf9','2026-11-22 02:10:00.003000');
INSERT INTO "seen" VALUES('command:bf07333ddd7dd3665101affff229ea3f1ee6922aba428f5212b9237d867c1fdd','2026-11-22 02:10:00.004000');
INSERT INTO "seen" VALUES('command:5769bdb7e8524221890f88b220716ac939d5c2138014cd795a1d9546f115abd3','2026-11-22 02:20:00.005000');
INSERT INTO "seen" VALUES('command:73071c6ab38928db72e5a57a1ceb80231e2878632ce0ae718438996db8a0fbd3','2026-11-22 02:25:00.006000');
INSERT INTO "seen" VALUES('command:d7d84eeb86b4431c45b9e344ecc9f8ccd78b482fa00390c1304b20b82ce5d4e7','2026-11-22 02:31:00.007000');
INSERT INTO "seen" VALUES('command:446efda744eb1e6dc71f15b41717a5a77a96092dca1cd7ce3f67cfed36b1538a','2026-11-22 02:35:00.008000');
INSERT INTO "seen" VALUES('command:86120dfb559f7b86840183c080b8679a85922eb4651d640f51ad894d516e7310','2026-11-22 02:35:00.009000');
INSERT INTO "seen" VALUES('command:c9158610614fda11e1794457e35c85041598c726e417015fe6b3805fd92250ef','2026-11-22 02:36:00.010000');
INSERT INTO "seen" VALUES('command:050fdcad8ea7b262de8d9e88470b427735e98291b06ade45d2e5e6b17f5248fe','2026-11-22 02:36:00.011000');
CREATE INDEX due_list ON due (due_at, lane);
CREATE INDEX ix_freeze_thawed_at ON freeze (thawed_at);
CREATE INDEX ix_ledger_request_id ON ledger (request_id);
CREATE INDEX ix_notice_request_id ON notice (request_id);
CREATE INDEX notice_order ON notice (conversation, sent_at, priority, id);
CREATE INDEX notice_waiting ON notice (sent_at, due_at);
CREATE INDEX press_unjudged ON press (subject, judged_at, n);
CREATE INDEX request_asked ON request (slack_user, requested_at);
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
