mod load_balancing_test;
