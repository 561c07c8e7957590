# frozen_string_literal: true

module Tasker
  # Text that came from anywhere, such as an error's message, as UTF-8.
  module Text
    # Never fails for want of an encoding: what cannot be read becomes U+FFFD.
    def self.utf8(value)
      text = value.to_s
      return text.dup.force_encoding(Encoding::UTF_8).scrub if text.encoding == Encoding::BINARY

      text.encode(Encoding::UTF_8, invalid: :replace, undef: :replace).scrub
    end
  end
end
