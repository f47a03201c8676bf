"""The names that problem modules of 2016 import: where problems and submissions lie.

``databoard.kits.loading`` sets the paths before it imports such a module; settings of the
installation are in ``databoard.settings``.
"""

root_path = "."
starting_kit_d_name = sandbox_d_name = "starting_kit"
problems_d_name = "problems"
submissions_d_name = "submissions"
problems_path = problems_d_name
submissions_path = submissions_d_name
