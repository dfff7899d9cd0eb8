# frozen_string_literal: true

require 'fiddle'

module AnchorEvents
  # The shared library: where it is, and its functions, as anchor.cdef declares them.
  #
  # Library[:anchor_version].call calls a function. A trap may raise before the result is stored, so what must not be lost is
  # in a slot.
  module Library
    NO_TIMEOUT = -1
    REQUEST_TIMEOUT = -2
    RETRY_ALWAYS = 4_294_967_295
    OK = 0

    # Other threads of Ruby run during these calls only. The others return soon.
    BLOCKING = %w[anchor_signal_event_with anchor_drain_event_with].freeze

    TYPES = {
      'void' => Fiddle::TYPE_VOID,
      'int' => Fiddle::TYPE_INT,
      'int32_t' => Fiddle::TYPE_INT32_T,
      'anchor_status' => Fiddle::TYPE_INT32_T,
      'int64_t' => Fiddle::TYPE_INT64_T,
      'uint32_t' => -Fiddle::TYPE_INT32_T,
      'uint64_t' => -Fiddle::TYPE_INT64_T,
      'size_t' => Fiddle::TYPE_SIZE_T
    }.freeze

    # Takes a pointer as an integer. Fiddle converts a Fiddle::Pointer with rb_Integer, which swallows what a trap or
    # Thread#raise raises meanwhile.
    class Function < Fiddle::Function
      def call(*arguments)
        super(*arguments.map { |argument| argument.is_a?(Fiddle::Pointer) ? argument.to_i : argument || 0 })
      end
    end

    DECLARATIONS = File.read(File.join(__dir__, 'anchor.cdef'))

    class << self
      def [](name)
        @functions.fetch(name)
      end

      def version
        self[:anchor_version].call
      end

      # Why the last call of this thread failed.
      def last_error
        self[:anchor_last_error].call.to_s.dup.force_encoding(Encoding::UTF_8)
      end

      # Memory for a pointer that a function writes, NULL at first.
      def slot
        pointer = Fiddle::Pointer.malloc(Fiddle::SIZEOF_VOIDP, Fiddle::RUBY_FREE)
        pointer[0, Fiddle::SIZEOF_VOIDP] = "\0" * Fiddle::SIZEOF_VOIDP
        pointer
      end

      # The handle in a slot, which is freed by this function when nobody refers to it any more.
      def own(handle, free)
        handle.free = self[free] unless handle.null?
        handle
      end

      # Copies a string that the library gave, and frees it.
      def take_text(slot)
        string = slot.ptr
        string.null? ? '' : string.to_s.force_encoding(Encoding::UTF_8)
      ensure
        self[:anchor_string_free].call(string)
      end

      private

      # The library of the gem, or else that of the system.
      def open_library
        is_darwin = RUBY_PLATFORM.include?('darwin')
        bundled, of_the_system = is_darwin ? %w[libanchor.dylib libanchor.0.dylib] : %w[libanchor.so libanchor.so.0]
        beside = File.join(__dir__, bundled)
        Fiddle.dlopen(File.exist?(beside) ? beside : of_the_system)
      end

      def declare
        library = open_library
        @functions = DECLARATIONS.scan(/^(\w.*?)(anchor_\w+)\((.*)\);$/).to_h do |result, name, arguments|
          [name.to_sym, function(library[name], name, result.strip, arguments)]
        end.freeze
      end

      def function(address, name, result, arguments)
        types = arguments == 'void' ? [] : arguments.split(', ').map { |declaration| parameter(declaration) }
        Function.new(address, types, type(result), name: name, need_gvl: !BLOCKING.include?(name))
      end

      def parameter(declaration)
        type = type(declaration)
        type == Fiddle::TYPE_VOIDP ? Fiddle::TYPE_UINTPTR_T : type
      end

      def type(declaration)
        return Fiddle::TYPE_CONST_STRING if declaration.match?(/\Aconst char \*\w*\z/)

        declaration.match?(/\*|_callback /) ? Fiddle::TYPE_VOIDP : TYPES.fetch(declaration.split.first)
      end
    end

    declare
  end
  private_constant :Library
end
