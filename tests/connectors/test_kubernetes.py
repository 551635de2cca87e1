"""The Kubernetes connector, against a stand-in held to the published API of Kubernetes."""

import base64
import json
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pydantic
import pytest

from app.errors import ConnectorError
from connectors.access.kubernetes import KubernetesAccess, KubernetesConnector
from connectors.access.kubernetes_link import KubernetesSettings, Link, kubeconfig
from connectors.access.kubernetes_objects import Place
from connectors.interface import NoSubject, Present
from tests.certificates import Signed, key_of, pem, signed
from tests.connectors.contract import ENDS_AT, REQUEST, Bench, GiverContract
from tests.farside import Asked, FarSide, does_and_breaks_off, http, says, serving
from tests.sources.published import Call, Published, published

TOKEN = "eyJhbGciOi.kubernetes-t0ken.sig"
ADA, ALAN = "ada@example.com", "alan@example.com"
BOT = "system:serviceaccount:breakglass:bot"
ACCESS = {"cluster_role": "edit", "namespace": "orders"}
EVERYWHERE = {"cluster_role": "cluster-admin"}
MADE = datetime(2026, 11, 22, 3, 10, tzinfo=UTC)
RBAC = "rbac.authorization.k8s.io"


def whom(user: str, kind: str = "User") -> dict[str, str]:
    return {"kind": kind, "apiGroup": RBAC, "name": user}


@dataclass
class Cluster:
    """What the stand-in remembers: bindings by namespace (None: the cluster's) and name, and who may do what."""

    bindings: dict[tuple[str | None, str], dict[str, Any]] = field(default_factory=dict)
    forbidden: set[tuple[str, str]] = field(default_factory=set)
    """(verb, resource) that the bot lacks."""
    mighty: dict[str, str] = field(default_factory=dict)
    """User -> the API server's words why they may give rights away."""
    rules: list[dict[str, Any]] = field(default_factory=list)
    made: int = 0

    def put(
        self, namespace: str | None, name: str, role: str, *subjects: dict[str, str], **meta: Any
    ) -> None:
        self.made += 1
        here = {"namespace": namespace} if namespace else {}
        created = (MADE + timedelta(seconds=self.made)).isoformat().replace("+00:00", "Z")
        self.bindings[namespace, name] = {
            "metadata": {
                "name": name,
                "uid": f"uid-{self.made}",
                "creationTimestamp": created,
                **here,
                **meta,
            },
            "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
            "subjects": list(subjects),
        }

    def take(self, user: str) -> None:
        self.bindings = {
            key: each
            for key, each in self.bindings.items()
            if user not in {one["name"] for one in each["subjects"]}
        }

    def routes(self) -> Mapping[str, Callable[[Call], bytes]]:
        below, inside = "/apis/rbac.authorization.k8s.io/v1", "/namespaces/{namespace}"
        reviews = "/apis/authorization.k8s.io/v1"
        return {
            f"GET {below}/clusterrolebindings": self._list,
            f"POST {below}/clusterrolebindings": self._create,
            f"GET {below}/clusterrolebindings/{{name}}": self._get,
            f"DELETE {below}/clusterrolebindings/{{name}}": self._delete,
            f"GET {below}/rolebindings": self._list_all,
            f"GET {below}{inside}/rolebindings": self._list,
            f"POST {below}{inside}/rolebindings": self._create,
            f"GET {below}{inside}/rolebindings/{{name}}": self._get,
            f"DELETE {below}{inside}/rolebindings/{{name}}": self._delete,
            f"GET {below}/clusterroles/{{name}}": self._role,
            f"GET {below}{inside}/roles/{{name}}": self._role,
            f"POST {reviews}/selfsubjectaccessreviews": self._i_may,
            f"POST {reviews}/subjectaccessreviews": self._user_may,
            "POST /apis/authentication.k8s.io/v1/selfsubjectreviews": self._me,
            "GET /api/v1/namespaces/{name}": self._namespace,
        }

    def _list(self, call: Call) -> bytes:
        here = call.path.get("namespace")
        return http(200, {"items": [each for (where, _), each in self.bindings.items() if where == here]})

    def _list_all(self, _call: Call) -> bytes:
        return http(200, {"items": [each for (where, _), each in self.bindings.items() if where]})

    def _create(self, call: Call) -> bytes:
        here, sent = call.path.get("namespace"), json.loads(call.asked.body)
        if here == "nowhere":
            return status(404, "NotFound")
        name, meta = sent["metadata"]["name"], sent["metadata"]
        assert meta.get("namespace") == here
        if (here, name) in self.bindings:
            return status(409, "AlreadyExists")
        self.put(here, name, "", *sent["subjects"], labels=meta["labels"], annotations=meta["annotations"])
        self.bindings[here, name]["roleRef"] = sent["roleRef"]
        return http(201, self.bindings[here, name])

    def _get(self, call: Call) -> bytes:
        found = self.bindings.get((call.path.get("namespace"), call.path["name"]))
        return http(200, found) if found else status(404, "NotFound")

    def _delete(self, call: Call) -> bytes:
        key = (call.path.get("namespace"), call.path["name"])
        found, sent = self.bindings.get(key), json.loads(call.asked.body)
        if not found:
            return status(404, "NotFound")
        if sent["preconditions"]["uid"] != found["metadata"]["uid"]:
            return status(409, "Conflict")
        if found["metadata"].get("finalizers"):
            found["metadata"]["deletionTimestamp"] = "2026-11-22T04:00:00Z"
            return http(202, {"kind": "Status", "status": "Success"})
        del self.bindings[key]
        return http(200, {"kind": "Status", "status": "Success"})

    def _role(self, call: Call) -> bytes:
        if call.path["name"] == "nothing":
            return status(404, "NotFound")
        return http(200, {"metadata": {"name": call.path["name"]}, "rules": self.rules})

    def _i_may(self, call: Call) -> bytes:
        asked = json.loads(call.asked.body)["spec"]["resourceAttributes"]
        right = asked["verb"], asked["resource"]
        return review(allowed=right not in self.forbidden and right != ("*", "*"))

    def _user_may(self, call: Call) -> bytes:
        spec = json.loads(call.asked.body)["spec"]
        assert "system:authenticated" in spec["groups"]
        why = self.mighty.get(spec["user"])
        return review(allowed=why is not None, reason=why or "")

    def _me(self, _call: Call) -> bytes:
        return http(201, {"status": {"userInfo": {"username": BOT}}})

    def _namespace(self, call: Call) -> bytes:
        return status(404, "NotFound") if call.path["name"] == "nowhere" else http(200, {"kind": "Namespace"})


def status(code: int, reason: str) -> bytes:
    return http(
        code, {"kind": "Status", "status": "Failure", "reason": reason, "message": TOKEN, "code": code}
    )


def review(*, allowed: bool, reason: str = "") -> bytes:
    return http(201, {"spec": {}, "status": {"allowed": allowed, "reason": reason}})


@pytest.fixture(scope="module")
def far_side() -> Iterator[Published]:
    with published("kubernetes-rbac.yaml", {"authorization": f"Bearer {TOKEN}"}) as far_side:
        yield far_side


@pytest.fixture
def cluster(far_side: Published) -> Iterator[Cluster]:
    cluster = Cluster()
    with far_side.in_use(cluster.routes()):
        yield cluster


def config(server: str, **user: Any) -> str:
    cluster = {"server": server, **user.pop("cluster", {})}
    return json.dumps(
        {
            "current-context": "prod",
            "contexts": [{"name": "prod", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": cluster}],
            "users": [{"name": "u", "user": user or {"token": TOKEN}}],
        }
    )


def connector(server: str, **more: Any) -> KubernetesConnector:
    settings = {"kubeconfig": config(server), **more}
    return KubernetesConnector("prod", KubernetesSettings.model_validate(settings))


@pytest.fixture
def bench(far_side: Published, cluster: Cluster, mute_port: int, dead_port: int) -> Iterator[Bench]:
    bench = Bench(
        connector=connector(far_side.url),
        access=ACCESS,
        subject=ADA,
        bystander=ALAN,
        stranger="nobody",
        others_give=lambda: cluster.put("orders", "standing", "edit", whom(ADA)),
        others_take=lambda: cluster.take(ADA),
        unreachable=connector(f"http://localhost:{dead_port}"),
        mute=connector(f"http://localhost:{mute_port}", deadline="1s"),
        deadline=3,
        secrets=(TOKEN,),
    )
    yield bench
    for each in (bench.connector, bench.unreachable, bench.mute):
        each.close()


class TestContract(GiverContract):
    pass


class TestEverywhere:
    """The same in the whole cluster, in short."""

    def test_a_cluster_role_is_given_everywhere_and_taken(self, bench: Bench, cluster: Cluster) -> None:
        everywhere = replace(bench, access=EVERYWHERE)
        cluster.put("orders", "here-only", "cluster-admin", whom(ADA))
        assert everywhere.present() is Present.ABSENT
        receipt = everywhere.grant()
        [(where, name)] = [key for key in cluster.bindings if key[1].startswith("bg-")]
        assert where is None
        assert receipt["binding"] == f"ClusterRoleBinding {name}"
        assert everywhere.present() is Present.OURS
        everywhere.revoke(receipt)
        assert everywhere.present() is Present.ABSENT


def test_what_is_made_says_for_whom_and_is_the_same_for_another_request(
    bench: Bench, cluster: Cluster
) -> None:
    bench.grant()
    bench.connector.grant(ADA, ACCESS, "req7654321", ENDS_AT + timedelta(hours=1))
    [made] = cluster.bindings.values()
    assert made["metadata"]["name"] == Place("ClusterRole", "edit", "orders").marker(ADA)
    assert made["metadata"]["labels"] == {
        "app.kubernetes.io/managed-by": "breakglass",
        "breakglass/request": REQUEST,
    }
    assert made["metadata"]["annotations"]["breakglass/subject"] == ADA
    assert made["subjects"] == [whom(ADA)]


@pytest.mark.parametrize(
    ("where", "subjects"),
    [
        (None, [whom(ADA)]),
        ("orders", [whom("system:authenticated", "Group")]),
        ("orders", [whom(ALAN), whom(ADA)]),
    ],
)
def test_the_same_role_by_another_way_is_others(
    bench: Bench, cluster: Cluster, where: str | None, subjects: list[dict[str, str]]
) -> None:
    cluster.put(where, "standing", "edit", *subjects)
    cluster.put("orders", "another-role", "view", whom(ALAN))
    reading = bench.connector.read(ADA, ACCESS)
    assert reading.present is Present.OTHERS
    assert "standing" in reading.how


def test_what_the_holder_changes_in_our_binding_is_still_ours_to_take(bench: Bench, cluster: Cluster) -> None:
    bench.grant()
    [made] = cluster.bindings.values()
    made["metadata"]["labels"] = {}
    made["subjects"] = [whom("sre", "Group"), whom("mallory@example.com")]
    reading = bench.connector.read(ADA, ACCESS)
    assert reading.present is Present.OURS
    assert "changed by somebody" in reading.how
    holders = {each.subject: each.present for each in bench.connector.find(ACCESS)}
    assert holders == {ADA: Present.OURS, "mallory@example.com": Present.OTHERS}
    with pytest.raises(ConnectorError, match="look at it, and delete it"):
        bench.grant()
    bench.revoke(None)
    assert cluster.bindings == {}


def test_a_binding_that_a_finalizer_holds_is_not_called_gone(bench: Bench, cluster: Cluster) -> None:
    bench.grant()
    [made] = cluster.bindings.values()
    made["metadata"]["finalizers"] = ["mallory.example/keep"]
    bench.revoke(None)
    reading = bench.connector.read(ADA, ACCESS)
    assert reading.present is Present.OURS
    assert "mallory.example/keep" in reading.how


def test_what_was_replaced_since_it_was_looked_at_is_not_deleted(
    bench: Bench, cluster: Cluster, far_side: Published
) -> None:
    bench.grant()

    def replaced(_asked: Asked, honest: Callable[[], bytes]) -> bytes:
        answer = honest()
        [made] = cluster.bindings.values()
        made["metadata"]["uid"] = "another"
        return answer

    far_side.on("GET .*/bg-", replaced, times=1)
    with pytest.raises(ConnectorError, match="replaced meanwhile") as caught:
        bench.revoke(None)
    assert caught.value.unclear
    assert cluster.bindings
    bench.revoke(None)
    assert not cluster.bindings


def test_what_went_since_it_was_looked_at_is_gone(
    bench: Bench, cluster: Cluster, far_side: Published
) -> None:
    bench.grant()

    def gone(_asked: Asked, honest: Callable[[], bytes]) -> bytes:
        answer = honest()
        cluster.bindings.clear()
        return answer

    far_side.on("GET .*/bg-", gone, times=1)
    bench.revoke(None)
    assert far_side.calls("DELETE") == 1


def test_done_without_an_answer_is_unclear_and_found_by_reading(bench: Bench, far_side: Published) -> None:
    for method, call, then in (
        ("POST .*/rolebindings", bench.grant, Present.OURS),
        ("DELETE", lambda: bench.revoke(None), Present.ABSENT),
    ):
        far_side.on(method, does_and_breaks_off, times=1)
        with pytest.raises(ConnectorError) as caught:
            call()
        assert caught.value.unclear
        assert bench.present() is then


def test_half_a_list_is_no_answer(bench: Bench, far_side: Published) -> None:
    far_side.on("GET .*bindings$", says(http(200, {"items": [], "metadata": {"continue": "more"}})))
    with pytest.raises(ConnectorError, match="did not list all"):
        bench.present()


def test_a_role_or_namespace_that_is_not_there_is_not_given(bench: Bench, cluster: Cluster) -> None:
    for access, said in (
        ({"cluster_role": "nothing"}, "no ClusterRole `nothing`"),
        ({"cluster_role": "edit", "namespace": "nowhere"}, "is there such a namespace"),
    ):
        with pytest.raises(ConnectorError, match=said) as caught:
            bench.connector.grant(ADA, access, REQUEST, ENDS_AT)
        assert caught.value.permanent
    assert not cluster.bindings


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("system:kube-scheduler", "one of Kubernetes' own"),
        ("system:serviceaccount:orders:deployer", "a service account"),
        (BOT, "the bot's own account"),
        ("robot@example.com", "not a person's account"),
        ("root@example.com", "may give rights|administrator"),
    ],
)
def test_who_is_refused_hears_why(far_side: Published, cluster: Cluster, name: str, why: str) -> None:
    prod = connector(far_side.url, service_accounts=["robot@example.com"], personal_service_accounts=[BOT])
    cluster.mighty["root@example.com"] = (
        'RBAC: allowed by ClusterRoleBinding "admins" of ClusterRole "x" to User "r"'
    )
    found = prod.resolve(name)
    assert isinstance(found, NoSubject)
    assert found.why == "unfit"
    with pytest.raises(ConnectorError, match=why) as caught:
        prod.grant(name, ACCESS, REQUEST, ENDS_AT)
    assert caught.value.permanent
    assert not cluster.bindings
    prod.close()


def test_what_we_lent_is_no_reason_against_lending_again(bench: Bench, cluster: Cluster) -> None:
    name = Place("ClusterRole", "cluster-admin", None).marker(ADA)
    cluster.mighty[ADA] = (
        f'RBAC: allowed by ClusterRoleBinding "{name}" of ClusterRole "cluster-admin" to User "{ADA}"'
    )
    assert not isinstance(bench.connector.resolve(ADA), NoSubject)


def test_a_personal_service_account_is_bound_as_one(far_side: Published, cluster: Cluster) -> None:
    hers = "system:serviceaccount:people:ada"
    prod = connector(far_side.url, personal_service_accounts=[hers])
    prod.grant(hers, {"role": "fixer", "namespace": "orders"}, REQUEST, ENDS_AT)
    [made] = cluster.bindings.values()
    assert made["subjects"] == [{"kind": "ServiceAccount", "namespace": "people", "name": "ada"}]
    assert made["roleRef"]["kind"] == "Role"
    assert prod.read(hers, {"role": "fixer", "namespace": "orders"}).present is Present.OURS
    prod.close()


def test_neither_the_bot_nor_machines_are_found(far_side: Published, cluster: Cluster) -> None:
    prod = connector(far_side.url, personal_service_accounts=[BOT])
    bot = {"kind": "ServiceAccount", "namespace": "breakglass", "name": "bot"}
    deployer = {"kind": "ServiceAccount", "namespace": "orders", "name": "deployer"}
    cluster.put("orders", "standing", "edit", bot, deployer, whom("system:kube-scheduler"), whom(ALAN))
    assert [each.subject for each in prod.find(ACCESS)] == [ALAN]
    prod.close()


def test_who_was_given_it_is_found_also_when_settings_no_longer_call_them_a_person(
    bench: Bench, far_side: Published
) -> None:
    bench.grant()
    prod = connector(far_side.url, users=r"[a-z]+@elsewhere\.example")
    assert [(each.subject, each.present) for each in prod.find(ACCESS)] == [(ADA, Present.OURS)]
    prod.close()


def test_check_names_each_missing_rule_and_what_is_not_there(bench: Bench, cluster: Cluster) -> None:
    cluster.forbidden = {("bind", "clusterroles"), ("delete", "rolebindings")}
    there = [str(each) for each in bench.connector.check([ACCESS])]
    where = "in orders; put into a Role in namespace orders that is bound to it"
    deletes = 'resources: ["rolebindings"], verbs: ["delete"]'
    binds = 'resources: ["clusterroles"], resourceNames: ["edit"], verbs: ["bind"]'
    assert there == [
        f'connectors.prod: the bot may not delete rolebindings {where}: - {{apiGroups: ["{RBAC}"], {deletes}}}',
        f'connectors.prod: the bot may not bind clusterroles edit {where}: - {{apiGroups: ["{RBAC}"], {binds}}}',
    ]
    cluster.forbidden = set()
    missing = [
        each.what for each in bench.connector.check([{"cluster_role": "nothing", "namespace": "nowhere"}])
    ]
    assert missing == ["there is no ClusterRole nothing", "there is no namespace nowhere"]
    assert not cluster.bindings


def test_bindings_made_meanwhile_are_told_where_the_role_could_make_some(
    bench: Bench, cluster: Cluster
) -> None:
    cluster.put("orders", "before", "view", whom(ADA))
    receipt = bench.grant()
    cluster.put("orders", "bg-keeps", "edit", whom(ADA))
    cluster.put("orders", "another", "edit", whom("ops", "Group"))
    assert bench.connector.left_behind(ADA, ACCESS, receipt) is None
    cluster.rules = [{"verbs": ["create"], "apiGroups": [RBAC], "resources": ["rolebindings"]}]
    lines = bench.connector.left_behind(ADA, ACCESS, receipt) or ()
    assert [line.split(" to ")[0] for line in lines] == [
        f"RoleBinding orders/bg-keeps for {ADA}",
        "RoleBinding orders/another",
    ]


@pytest.mark.parametrize(
    ("access", "fault"),
    [
        ({"namespace": "orders"}, "name one of"),
        ({"role": "a", "cluster_role": "b", "namespace": "orders"}, "name one of"),
        ({"role": "a"}, "lies in a namespace"),
        ({"cluster_role": "../../secrets"}, "pattern"),
        ({"cluster_role": "edit", "namespace": "a/b"}, "pattern"),
    ],
)
def test_an_access_that_cannot_be_is_said_at_once(access: dict[str, str], fault: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=fault):
        KubernetesAccess.model_validate(access)


# --- the way there -------------------------------------------------------------------------------------------------


def test_in_the_cluster_the_token_is_read_anew_for_each_call(
    far_side: Published, cluster: Cluster, tmp_path: Path
) -> None:
    (tmp_path / "ca.crt").write_text("")
    (tmp_path / "token").write_text("stale-token")
    settings = KubernetesSettings()
    prod = KubernetesConnector(
        "prod", settings, Link("prod", settings, server=far_side.url, account=tmp_path)
    )
    with pytest.raises(ConnectorError, match="token or certificate expired"):
        prod.read(ADA, ACCESS)
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    assert prod.read(ADA, ACCESS).present is Present.ABSENT
    (tmp_path / "token").unlink()
    with pytest.raises(ConnectorError, match="cannot be read") as caught:
        prod.read(ADA, ACCESS)
    assert not caught.value.permanent
    prod.close()
    assert not cluster.bindings


def test_a_kubeconfig_file_that_changes_is_read_again(
    far_side: Published, cluster: Cluster, tmp_path: Path
) -> None:
    file = tmp_path / "config"
    file.write_text(config(far_side.url, token="stale"))
    prod = KubernetesConnector("prod", KubernetesSettings(kubeconfig_file=str(file)))
    with pytest.raises(ConnectorError, match="refuses our credentials"):
        prod.read(ADA, ACCESS)
    file.write_text(config(far_side.url))
    assert prod.read(ADA, ACCESS).present is Present.ABSENT
    prod.close()
    assert not cluster.bindings


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (config("https://k8s.example.com", exec={"command": "aws"}), "runs a program"),
        (config("https://k8s.example.com", **{"auth-provider": {"name": "gcp"}}), "auth-provider"),
        (config("https://k8s.example.com", username="a", password=TOKEN), "holds a password"),
        (config("https://k8s.example.com", token=TOKEN, **{"as": "root"}), "impersonates"),
        (
            config("https://k8s.example.com", cluster={"insecure-skip-tls-verify": True}, token=TOKEN),
            "does not check",
        ),
        (
            config("https://k8s.example.com", cluster={"proxy-url": "http://p"}, token=TOKEN),
            "goes through a proxy",
        ),
        (config("https://k8s.example.com", **{"client-certificate-data": "QQ=="}), "holds neither"),
        (config("https://k8s.example.com", **{"client-key-data": "\x00"}), "no base64"),
        (config("https://k8s.example.com", tokenFile="token"), "without its folder"),
        (config("k8s"), "names no `server`"),
        (config("https://k8s.example.com", token=f"{TOKEN} {TOKEN}"), "no token"),
        ("a: [", "is no YAML"),
        ("[]", "is no kubeconfig"),
        ("{}", "does not say which context"),
        ("current-context: x", "has no context `x`"),
    ],
)
def test_a_kubeconfig_that_cannot_be_used_is_refused_in_a_sentence(text: str, fault: str) -> None:
    with pytest.raises(ConnectorError, match=fault) as caught:
        kubeconfig("prod", text)
    assert caught.value.permanent
    assert TOKEN not in str(caught.value)


def test_check_tells_what_is_wrong_with_the_kubeconfig() -> None:
    [problem] = connector("https://k8s.example.com", context="other").check()
    assert "has no context `other`" in str(problem)


# --- certificates --------------------------------------------------------------------------------------------------


class Guarded(FarSide):
    """A cluster without any bindings, that lets in whoever shows a certificate of its CA."""

    def honest(self, asked: Asked) -> bytes:
        del asked
        return http(200, {"items": []})


def test_the_cluster_is_known_by_its_own_authority_and_knows_us_by_our_certificate(tmp_path: Path) -> None:
    authority, stranger = signed("ca"), signed("somebody else's ca")
    server, ours = signed("server", authority), signed("bot", authority)
    (tmp_path / "ca.pem").write_bytes(pem(authority))
    (tmp_path / "server.pem").write_bytes(pem(server) + key_of(server))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(tmp_path / "ca.pem"))
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_cert_chain(tmp_path / "server.pem")

    def data(of: bytes) -> str:
        return base64.b64encode(of).decode()

    def prod(far_side: FarSide, believed: Signed, **user: Any) -> KubernetesConnector:
        cluster = {"certificate-authority-data": data(pem(believed))}
        text = config(far_side.url, cluster=cluster, **user)
        return KubernetesConnector("prod", KubernetesSettings.model_validate({"kubeconfig": text}))

    shown = {"client-certificate-data": data(pem(ours)), "client-key-data": data(key_of(ours))}
    with serving(lambda listener: Guarded(listener, tls)) as far_side:
        known = prod(far_side, authority, **shown)
        assert known.read(ADA, ACCESS).present is Present.ABSENT
        for wrong, said in (
            (prod(far_side, stranger, **shown), "certificate is not accepted"),
            (prod(far_side, authority, token=TOKEN), "broke off|cannot be reached"),
        ):
            with pytest.raises(ConnectorError, match=said):
                wrong.read(ADA, ACCESS)
            wrong.close()
        known.close()
    misfit = {**shown, "client-key-data": data(key_of(server))}
    with (
        serving(lambda listener: Guarded(listener, tls)) as far_side,
        pytest.raises(ConnectorError, match="do not fit"),
    ):
        prod(far_side, authority, **misfit).read(ADA, ACCESS)
