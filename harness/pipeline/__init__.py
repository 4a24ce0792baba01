"""Use cases, one file each: they bring the siblings together and pass core values between them."""
