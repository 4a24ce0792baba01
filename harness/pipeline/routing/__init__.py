"""The versions of the registry behind one address: served, vouched for, and switched as the registry moves."""
