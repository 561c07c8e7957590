# Python as the worker and the tests need it. `tasker-py` is null where nobody publishes a wheel.
{ python313, tasker-py }:
python313.withPackages (_: if tasker-py == null then [ ] else [ tasker-py ])
