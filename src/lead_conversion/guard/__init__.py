"""What keeps people's data, the database and the models safe: privacy, access, audit, retention."""
