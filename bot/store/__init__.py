"""What is kept between messages: channel settings and withdrawals, on SQLite or PostgreSQL."""
