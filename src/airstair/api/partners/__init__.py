"""Where partners come in: `/partners/<add-on>/<login>/…`. Only the credentials of a connection open it."""
