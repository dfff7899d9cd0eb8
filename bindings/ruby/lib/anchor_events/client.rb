# frozen_string_literal: true

require_relative 'blocking_call'
require_relative 'native_client'

module AnchorEvents
  # Waits for events and signals them. Any number of threads may use one client at once.
  class Client
    # The settings are those of README.md. Those that are absent are from the environment: the key from ANCHORBROWSER_API_KEY.
    def initialize(**settings)
      @native = NativeClient.new(settings)
      @kept = KeptEvents.new
    end

    # Yields a client, and closes it.
    def self.open(**settings)
      client = new(**settings)
      yield client
    ensure
      client&.close
    end

    # Blocks until the event is signaled, and returns it. An event that was signaled before is taken at once.
    #
    # Timeout.timeout, Thread#kill, Thread#raise and Ctrl-C end it. If one does as the event arrives, the next wait of this
    # client for the name returns it. In a Fiber::Scheduler other fibers run meanwhile.
    #
    # name::    1 to 4,096 bytes of UTF-8, not "." or ".."; events belong to the account
    # timeout:: in seconds; 0 asks once; nil sets no limit
    # cancel::  a CancelToken, which ends the wait with Cancelled
    # options:: what is otherwise than in the client's settings: retries, rearm, slice, headers, request_id
    #
    # Raises EventTimeout, which is a Timeout::Error, if the event was not signaled within the time, and another Error for any
    # other failure.
    def wait(name, timeout: 60, cancel: nil, **options)
      CancelToken.check(cancel)
      Arguments.text('event name', name)
      queue = event = nil
      is_done = false
      Thread.handle_interrupt(Object => :on_blocking) do
        event = @kept.take(name) || wait_in(queue = queue(), name, timeout, cancel, options)
        queue&.close
      end
      is_done = true
      event
    ensure
      # Also for what is raised at the end of the block, where what was put off in it comes.
      uninterrupted { give_up(queue, event) } unless is_done || (queue || event).nil?
    end

    # Each event of the name, without end. No event is asked for while the program handles one. Without a block it returns an
    # Enumerator.
    def events(name, cancel: nil, **options)
      return to_enum(:events, name, cancel: cancel, **options) unless block_given?

      loop { yield wait(name, timeout: nil, cancel: cancel, **options) }
    end

    # A Queue, for many waits in one thread.
    def queue
      @native.pointer
      Queue.new(@native)
    end

    # Hands the data to a wait for the event, now or later. A request that was written is never sent again.
    #
    # data::    a Hash, of what JSON can express
    # timeout:: in seconds; nil is the request timeout of the settings
    #
    # Raises NotSent if it is certain that the signal was not delivered. Of any other Error `maybe_consumed?` says whether it
    # may have been.
    def signal(name, data = {}, timeout: nil, cancel: nil, **options)
      json = Arguments.json_object(data)
      out = Library.slot
      status, answer = call(name, timeout, cancel, options) do |event_name, *rest|
        status = Library[:anchor_signal_event_with].call(@native.pointer, event_name, json, *rest, out)
        [status, Library.take_text(out)]
      end
      raise Error.from_json(status, answer) unless status == Library::OK
    end

    # Drops the signals of an event that nobody has waited for, and returns their number. The arguments are as in `signal`.
    def drain(name, timeout: nil, cancel: nil, **options)
      drained = Library.slot
      status, message = call(name, timeout, cancel, options) do |*arguments|
        status = Library[:anchor_drain_event_with].call(@native.pointer, *arguments, drained)
        [status, Library.last_error]
      end
      raise Error.from(status, { 'message' => message }) unless status == Library::OK

      drained[0, Fiddle::SIZEOF_INT].unpack1('L')
    end

    # Replaces the key for what is sent from now on.
    def api_key=(api_key)
      @native.replace_key(api_key)
    end

    # Counts of what the client has done and does, as anchor_client_stats returns them.
    def stats
      @native.stats
    end

    # Ends the calls that run, with Cancelled. Later ones raise ClosedError.
    def close
      @native.close
    end

    def inspect
      "#<#{self.class}>"
    end

    private

    # The queue keeps the event, so nothing is lost if this does not return.
    def wait_in(queue, name, timeout, cancel, options)
      started = queue.start(name, timeout: timeout, **options)
      CancelToken.during(cancel, started) { queue.__send__(:await) }.value
    end

    # The wait was cut short, perhaps as its event had arrived.
    def give_up(queue, event)
      event ||= queue.__send__(:cancel_and_take)&.event
      @kept.keep(event) if event
      queue&.close
    end

    # Traps run in the main thread, and nothing keeps a second one from raising there.
    def uninterrupted(&block)
      Thread.handle_interrupt(Object => :never) do
        Thread.current == Thread.main ? Thread.new(&block).join : block.call
      end
    end

    def call(name, timeout, cancel, options)
      CancelToken.check(cancel)
      event_name = Arguments.text('event name', name)
      millis = Arguments.limit(timeout, Library::REQUEST_TIMEOUT)
      given = Settings.new_options(options)
      @native.pointer
      BlockingCall.new.run(cancel) { |token| yield event_name, millis, given, token }
    end
  end
end
