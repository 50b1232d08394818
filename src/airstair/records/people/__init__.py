"""People: crew members, passengers and contact persons, their documents, and the companies they belong to."""
