"""A fair's programme from files and addresses: read, looked over, and taken in whole or not at all."""
