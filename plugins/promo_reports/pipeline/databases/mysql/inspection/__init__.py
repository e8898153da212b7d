"""What `promo-reports doctor` asks MySQL and MariaDB."""
