"""Requests wait in the inbox until the conductor has answered them."""

from workcell.line.inbox import Inbox, Request


def test_a_request_waits_until_it_is_answered(tmp_path):
    inbox = Inbox(tmp_path)
    inbox.put(Request("r1", "anna", "hold", {}, 10.0))
    inbox.put(Request("r2", "anna", "unhold", {}, 10.0))
    assert [request.verb for request in inbox.open_requests()] == ["hold", "unhold"]
    assert inbox.answer_to("r1") is None
    Inbox(tmp_path).answer("r1", {"ok": True})
    assert [request.id for request in inbox.open_requests()] == ["r2"]
    assert inbox.answer_to("r1") == {"ok": True}
