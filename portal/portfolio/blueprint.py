"""The room's blueprint; its pages stand in `views` (accounts, holds, search) and `import_views`."""

from flask import Blueprint

blueprint = Blueprint("portfolio", __name__)
