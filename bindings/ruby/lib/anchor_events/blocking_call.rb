# frozen_string_literal: true

require_relative 'library'

module AnchorEvents
  # A signal or a drain. It blocks its thread in C, where Ruby cannot interrupt it. So it has a thread of its own. The thread
  # that makes the call waits for that one, and cancels the call if it is interrupted.
  class BlockingCall
    def initialize
      @inbox = Thread::Queue.new
    end

    # From any thread, or a trap.
    def cancel
      @inbox << :cancel
    end

    # Returns what the block returns, which gets a token of the library.
    def run(cancel, &call)
      token = new_token
      Thread.handle_interrupt(Object => :on_blocking) do
        thread = Thread.new { beside(token, call) }
        CancelToken.during(cancel, self) { stop(token) if @inbox.pop == :cancel }
        thread.value
      ensure
        end_of(token, thread)
      end
    end

    private

    def new_token
      token = Library.own(Library[:anchor_cancel_token_new].call, :anchor_cancel_token_free)
      raise NoMemoryError, Library.last_error if token.null?

      token
    end

    # What is raised here is raised again where the thread is joined.
    def beside(token, call)
      Thread.current.report_on_exception = false
      call.call(token)
    ensure
      @inbox << :ended
    end

    # Frees the token when the thread has ended. If a trap raises meanwhile, garbage collection does.
    def end_of(token, thread)
      Thread.handle_interrupt(Object => :never) do
        stop(token)
        token.call_free if thread&.join
      end
    end

    def stop(token)
      Library[:anchor_cancel_token_cancel].call(token)
    end
  end
  private_constant :BlockingCall
end
