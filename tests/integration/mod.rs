mod messaging_test;
