"""All actions, in the order of their names."""

from databoard.cli.actions.accounts import (
    approve_user,
    create_admin,
    create_user,
    list_users,
    remove_user,
    set_password,
)
from databoard.cli.actions.backups import backup_every, forget_mail, run_task
from databoard.cli.actions.datarun import (
    get_trained_tested_datarun,
    send_data_datarun,
    train_test_datarun,
)
from databoard.cli.actions.doctor import doctor
from databoard.cli.actions.events import (
    add_event,
    list_events,
    make_event_admin,
    remove_event,
    remove_event_admin,
)
from databoard.cli.actions.monitoring import monitor
from databoard.cli.actions.parts import (
    add_score_type,
    add_workflow,
    add_workflow_element_type,
    list_score_types,
    list_workflow_element_types,
    list_workflows,
    remove_score_type,
    remove_workflow,
    remove_workflow_element_type,
)
from databoard.cli.actions.populating import depopulate, populate
from databoard.cli.actions.problems import (
    add_problem,
    build_environment,
    check_problem,
    list_problems,
    new_problem,
    remove_problem,
    set_keywords,
)
from databoard.cli.actions.profiling import profile_url
from databoard.cli.actions.publishing import (
    backup_from,
    publish_problem,
    publish_software,
    rollback,
)
from databoard.cli.actions.reports import report
from databoard.cli.actions.results import print_submissions, scores
from databoard.cli.actions.retention import clean
from databoard.cli.actions.serving import mail, profile, serve
from databoard.cli.actions.submissions import delete_submission, submit, train, train_test
from databoard.cli.actions.teams import (
    add_team,
    add_team_member,
    approve_team,
    list_teams,
    remove_team,
    sign_up_team,
)
from databoard.cli.actions.testing import test_setup

ACTIONS = (
    add_event,
    add_problem,
    add_score_type,
    add_team,
    add_team_member,
    add_workflow,
    add_workflow_element_type,
    approve_team,
    approve_user,
    backup_every,
    backup_from,
    build_environment,
    check_problem,
    clean,
    create_admin,
    create_user,
    delete_submission,
    depopulate,
    doctor,
    forget_mail,
    get_trained_tested_datarun,
    list_events,
    list_problems,
    list_score_types,
    list_teams,
    list_users,
    list_workflow_element_types,
    list_workflows,
    mail,
    make_event_admin,
    monitor,
    new_problem,
    populate,
    print_submissions,
    profile,
    profile_url,
    publish_problem,
    publish_software,
    remove_event,
    remove_event_admin,
    remove_problem,
    remove_score_type,
    remove_team,
    remove_user,
    remove_workflow,
    remove_workflow_element_type,
    report,
    rollback,
    run_task,
    scores,
    send_data_datarun,
    serve,
    set_keywords,
    set_password,
    sign_up_team,
    submit,
    test_setup,
    train,
    train_test,
    train_test_datarun,
)
