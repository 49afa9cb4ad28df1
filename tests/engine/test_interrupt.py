import asyncio
import signal
import threading

from harness.engine import ctrl_c, event_of


def test_ctrl_c_fulfils_the_wish_however_often_it_is_pressed_and_raises_nothing():
    before = signal.getsignal(signal.SIGINT)
    with ctrl_c() as wish:
        assert not wish.done()
        for _ in range(3):
            signal.raise_signal(signal.SIGINT)
        assert wish.done()
    assert signal.getsignal(signal.SIGINT) is before


def test_the_event_of_a_wish_wakes_the_loop_and_a_wish_outlives_its_loop():
    async def wait_for(wish):
        event = event_of(wish)
        asyncio.get_running_loop().call_soon(signal.raise_signal, signal.SIGINT)
        await asyncio.wait_for(event.wait(), 5)
        return event_of(wish)

    async def leave(wish):
        event_of(wish)

    with ctrl_c() as wish:
        asyncio.run(leave(wish))  # its loop is closed when the wish is fulfilled
        asyncio.run(wait_for(wish))


def test_outside_the_main_thread_it_changes_nothing():
    found = []

    def elsewhere():
        before = signal.getsignal(signal.SIGINT)
        with ctrl_c() as wish:
            found.append((wish.done(), signal.getsignal(signal.SIGINT) is before))

    thread = threading.Thread(target=elsewhere)
    thread.start()
    thread.join()
    assert found == [(False, True)]
