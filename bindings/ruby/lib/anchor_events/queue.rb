# frozen_string_literal: true

require 'io/wait'
require_relative 'settings'

module AnchorEvents
  # Any number of waits, which take no thread and share one descriptor. Client#queue makes one.
  #
  #     queue = client.queue
  #     500.times { |job| queue.start("job_#{job}", tag: job) }
  #     queue.each { |ended| puts ended.tag, ended.value.data }
  #
  # Any number of threads may start waits, and one at a time takes from it. It is to be closed, or left to garbage collection.
  class Queue
    include Enumerable

    # How a wait ended: `value` is its event, or raises its error.
    Ended = Struct.new(:name, :tag, :event, :error) do
      def value
        error ? raise(error) : event
      end
    end

    # A wait that was started. `cancel` ends it, from any thread or a trap. It still comes out of the queue.
    class Wait
      attr_reader :name

      def initialize(name, handle)
        @name = name
        # It is only memory, so it is left to garbage collection.
        @handle = Library.own(handle, :anchor_wait_free)
      end

      def cancel
        Library[:anchor_wait_cancel].call(@handle)
      end
    end

    def initialize(client)
      out = Library.slot
      Error.check(Library[:anchor_queue_new].call(out))
      @pointer = Library.own(out.ptr, :anchor_queue_free)
      @client = client
      @done = Library.slot
      @ready = []
      @started = {}
      @tags = 0
      @process = Process.pid
    end

    # Starts a wait, whose time counts from now. The options are as in Client#wait; `tag` is anything by which to know it again.
    def start(name, timeout: 60, tag: name, **options)
      millis = Arguments.limit(timeout, Library::NO_TIMEOUT)
      event_name = Arguments.text('event name', name)
      out = Library.slot
      rest = [event_name, millis, Settings.new_options(options), out]
      Error.check(start_on(@client.pointer, pointer, [name, tag], *rest))
      @client.cancel_if_closed
      Wait.new(name, out.ptr)
    end

    # Blocks until a wait has ended, and takes it: an Ended. Nil if none runs, or none ended within the timeout in seconds.
    # Timeout.timeout, Thread#kill and a trap that raises end it, and lose nothing.
    def pop(timeout: nil)
      @ready.shift if await(timeout)
    end

    # Takes each wait as it ends, until none is running.
    def each
      return to_enum unless block_given?

      while (ended = pop)
        yield ended
      end
    end

    # The number of waits that were not taken yet.
    def size
      forget_those_of_the_parent
      @started.size + @ready.size
    end

    def empty?
      size.zero?
    end

    # Readable while there is something to take: for IO.select and event loops. It is not to be read or closed.
    def to_io
      descriptor = Library[:anchor_queue_fd].call(pointer)
      @io = IO.for_fd(descriptor, autoclose: false) unless @io&.fileno == descriptor
      @io
    end

    # Cancels the waits that run. Each still comes out of the queue.
    def cancel
      Library[:anchor_queue_cancel_all].call(pointer)
    end

    # Cancels the waits that run, and drops what was not taken.
    def close
      @pointer.call_free unless @pointer.freed?
    end

    def inspect
      "#<#{self.class} size=#{size}>"
    end

    private

    def pointer
      raise ClosedError, 'the queue is closed' if @pointer.freed?

      @pointer
    end

    # Blocks until a wait has ended, and leaves it in @ready: an interrupt comes where it blocks, or at the end of the block.
    def await(timeout = nil)
      deadline = timeout && (now + (Arguments.milliseconds('timeout', timeout) / 1000.0))
      Thread.handle_interrupt(Object => :on_blocking) do
        take_all
        while @ready.empty?
          left = deadline && [deadline - now, 0].max
          return if empty? || !to_io.wait_readable(left)

          take_all
        end
      end
      @ready.first
    end

    def start_on(client, queue, named, event_name, millis, options, out)
      forget_those_of_the_parent
      start = Library[:anchor_wait_start_on]
      # It is registered before it can end.
      number = (@tags += 1)
      @started[number] = named
      status = start.call(client, queue, event_name, millis, number, options, out)
      @started.delete(number) unless status == Library::OK
      status
    end

    # The waits of a parent process do not end in its child.
    def forget_those_of_the_parent
      return if @process == Process.pid

      @started.clear
      @ready.clear
      @process = Process.pid
    end

    def take_all
      nil while take(0)
    end

    # What an interrupted call of this method has left in @done is taken by the next.
    def take(millis)
      Library[:anchor_queue_next].call(pointer, millis, nil, @done) if @done.ptr.null?
      done = @done.ptr
      return false if done.null?

      number = Library[:anchor_completion_tag].call(done)
      ended = ended_of(number, done)
      @ready.push(ended) if @started.delete(number)
      @done[0, Fiddle::SIZEOF_VOIDP] = "\0" * Fiddle::SIZEOF_VOIDP
      Library[:anchor_completion_free].call(done)
      true
    end

    def ended_of(number, done)
      name, tag = @started[number]
      status = Library[:anchor_completion_status].call(done)
      answer = Library[:anchor_completion_json].call(done).to_s.dup.force_encoding(Encoding::UTF_8)
      return Ended.new(name, tag, Event.new(name, answer), nil) if status == Library::OK

      Ended.new(name, tag, nil, Error.from_json(status, answer))
    end

    # The end of the only wait, if one was started. It comes in a moment.
    def cancel_and_take
      cancel
      take(Library[:anchor_queue_running].call(pointer).zero? ? 0 : Library::NO_TIMEOUT)
      @ready.shift
    end

    def now
      Process.clock_gettime(Process::CLOCK_MONOTONIC)
    end
  end
end
