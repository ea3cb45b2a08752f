"""What Django itself costs, as `startproject` makes it: its middleware, sessions, a signed-in user.

A bare list of rows (four indexed queries: session, user, owner, rows) in one template, and one
INSERT per POST of a form with two fields (three queries). No language, no policy, no journal.
"""
