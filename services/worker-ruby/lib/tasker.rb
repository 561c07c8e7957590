# frozen_string_literal: true

# A worker for the workflow engine Tasker, in plain Ruby: the engine itself runs
# on threads of the library libworker_ffi, which hands out steps and takes results.
module Tasker
end

require_relative "tasker/errors"
require_relative "tasker/text"
require_relative "tasker/log"
require_relative "tasker/checkpoint"
require_relative "tasker/step_context"
require_relative "tasker/step_handler"
require_relative "tasker/handler_registry"
require_relative "tasker/witness"
require_relative "tasker/outcome"
require_relative "tasker/step_runner"
require_relative "tasker/library"
require_relative "tasker/settings"
require_relative "tasker/worker"
require_relative "tasker/command"
