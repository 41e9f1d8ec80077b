"""The room's blueprint; its pages stand in `views` and, for every kind of file, in `import_views`."""

from flask import Blueprint

blueprint = Blueprint("portfolio", __name__)
