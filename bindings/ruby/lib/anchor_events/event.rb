# frozen_string_literal: true

require 'json'

module AnchorEvents
  # An event that was signaled. `inspect` does not show the data, so that no log has it.
  class Event
    attr_reader :name
    # The service's answer, as it was.
    attr_reader :raw

    def initialize(name, raw)
      @name = name
      @raw = raw
    end

    # What was signaled, a Hash with Strings as keys.
    def data
      @data ||= JSON.parse(raw, max_nesting: false).fetch('data', {})
    end

    def inspect
      "#<#{self.class} name=#{name.inspect}>"
    end
  end

  # Events whose wait was interrupted at the moment at which they arrived. The next wait for their name gets them. A child of
  # fork has copies, which are for its parent alone.
  class KeptEvents
    def initialize
      @events = {}
      @process = Process.pid
    end

    def keep(event)
      (@events[event.name] ||= []).push(event)
    end

    def take(name)
      if @process != Process.pid
        @events = {}
        @process = Process.pid
      end
      events = @events[name] or return
      @events.delete(name) if events.size == 1
      events.shift
    end
  end
  private_constant :KeptEvents
end
