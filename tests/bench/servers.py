# SPDX-License-Identifier: MIT
"""The servers that the benchmarks drive: started on loopback, with files in a folder of their own, ended by their
ids."""
import contextlib
import glob
import os
import signal
import socket
import subprocess
import sys
import time

from pairs import BUILD

NGINX = """
daemon off;
worker_processes 1;
pid {folder}/nginx.{port}.pid;
error_log {folder}/error.log;
{user}
events {{ worker_connections 512; }}
http {{
	access_log off;
	client_body_temp_path {folder}/body;
	proxy_temp_path {folder}/proxy;
	fastcgi_temp_path {folder}/fastcgi;
	uwsgi_temp_path {folder}/uwsgi;
	scgi_temp_path {folder}/scgi;
	sendfile on;
	tcp_nopush on;
	keepalive_timeout 600;
	keepalive_requests 1000000000;
	server {{
		listen 127.0.0.1:{port} backlog=4096;
		root {folder}/www;
	}}
}}
"""
HAPROXY = """
global
	nbthread 1
defaults
	mode http
	timeout connect 60s
	timeout client 600s
	timeout server 600s
	option {option}
listen front
	bind 127.0.0.1:{port}
	server behind 127.0.0.1:{behind}
"""

# What was started is ended, too, when somebody ends us.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(port, process, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.01)
    raise RuntimeError(f"{process.args}: nothing listens")


def placed(where):
    """A processor of its own for the server and for the client, and before all others where we may."""
    available = sorted(os.sched_getaffinity(0))
    first = ["chrt", "-r", "1"] if os.geteuid() == 0 else []
    if where == "anywhere" or len(available) < 2:
        return first
    return [*first, "taskset", "-c", str(available[{"client": 0, "server": 1}[where]])]


def parents():
    """(process, its parent) of all that run, as text."""
    for stat in glob.glob("/proc/[0-9]*/stat"):
        with contextlib.suppress(OSError), open(stat, "rb") as file:
            yield stat.split("/")[2], file.read().rsplit(b")", 1)[1].split()[1].decode()


class Stage(contextlib.ExitStack):
    """The processes of one server, ended with it; `under` is put before its command, {port} in it is the server's."""

    def __init__(self, environment, folder, where="server", under=()):
        super().__init__()
        self.environment, self.folder, self.where, self.under, self.processes = environment, folder, where, under, []

    def start(self, command, port):
        process = subprocess.Popen([*placed(self.where), *(word.format(port=port) for word in self.under), *command],
                                   env=self.environment, cwd=self.folder, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.callback(self.end, process)
        self.processes.append(process)
        wait_for(port, process)
        return port

    @staticmethod
    def end(process):
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def processor_seconds(self):
        """What all of them and their children have used."""
        pids, seconds = [str(process.pid) for process in self.processes], 0
        pids += [child for child, parent in parents() if parent in pids]
        for pid in pids:
            for used in glob.glob(f"/proc/{pid}/task/*/schedstat"):
                with open(used, encoding="ascii") as file:
                    seconds += int(file.read().split()[0]) / 1e9
        return seconds


def say(port, text):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(text)
        return connection.recv(1000)


def redis(stage):
    port = free_port()
    stage.start(["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
                 "--daemonize", "no", "--protected-mode", "no", "--hz", "1", "--dynamic-hz", "no"], port)
    say(port, b"SET key:__rand_int__ xxx\r\n")
    return port


def nginx(stage):
    port = free_port()
    os.makedirs(stage.folder + "/www", exist_ok=True)
    with open(stage.folder + "/www/index.html", "w", encoding="ascii") as page:
        page.write("x" * 612)
    configuration = f"{stage.folder}/nginx.{port}.conf"
    with open(configuration, "w", encoding="ascii") as file:
        file.write(NGINX.format(folder=stage.folder, port=port, user="user root;" if os.geteuid() == 0 else ""))
    return stage.start(["nginx", "-e", "stderr", "-p", stage.folder, "-c", configuration], port)


def haproxy(option):
    """In front of nginx; both are the server."""
    def start(stage):
        behind, port = nginx(stage), free_port()
        configuration = f"{stage.folder}/haproxy.{port}.conf"
        with open(configuration, "w", encoding="ascii") as file:
            file.write(HAPROXY.format(port=port, behind=behind, option=option))
        return stage.start(["haproxy", "-db", "-f", configuration], port)
    return start


def memcached(stage):
    port = free_port()
    stage.start(["memcached", "-l", "127.0.0.1", "-p", str(port), "-U", "0", "-t", "4", "-m", "16", "-c", "512",
                 *(["-u", "root"] if os.geteuid() == 0 else [])], port)
    say(port, b"set key 0 0 3\r\nxxx\r\n")
    return port


def echo(stage):
    port = free_port()
    return stage.start([os.path.join(BUILD, "tests", "bench", "echo_server"), str(port)], port)
