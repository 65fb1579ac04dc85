"""A replica of a part of a library, as SYNC.md tells it."""

from sync_state import State


class Part:
    """What stands in some folders, or was saved since; tags and folders always."""

    def __init__(self, replica, folders, since=None, thin=False):
        self.replica = replica
        self.what = {"folders": ",".join(folders) or None, "since": since, "thin": "true" if thin else None}
        self.state = State()
        self.begin()

    def ask(self, **where):
        return self.replica.ask("GET", "sync/part", None, **self.what, **where)

    def begin(self):
        """Takes the part whole. What came in meanwhile comes again by the first answer's cursor."""
        self.state = State()
        answer = self.ask()
        self.state.cursor = answer["next_cursor"]
        self.take(answer)
        while answer.get("next"):
            answer = self.ask(after=answer["next"])
            self.take(answer)
        self.refresh()

    def refresh(self):
        """Takes what entered and left since."""
        more = True
        while more:
            answer = self.ask(cursor=self.state.cursor)
            if answer["again"]:
                self.begin()
                return
            self.take(answer)
            self.state.cursor, more = answer["next_cursor"], answer["has_more"]

    def take(self, answer):
        for line in answer["enter"]:
            self.state.take(line)
        for id_ in answer["leave"]:
            self.state.items.pop(id_, None)
        for line in answer["aliases"]:
            self.state.join(line)
