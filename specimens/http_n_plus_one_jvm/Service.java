import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** The seats of a train, whose prices another process knows: asked for one by one, or all at once. */
public final class Service {
    private static final boolean SICK = System.getenv().getOrDefault("FAULT", "1").equals("1");
    private static final HttpClient CLIENT = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static String back;

    interface Answer {
        String to(String path) throws IOException, InterruptedException;
    }

    private static HttpServer serve(int port, Answer answer) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 64);
        server.setExecutor(Executors.newFixedThreadPool(8));
        server.createContext("/", exchange -> reply(exchange, answer));
        server.start();
        return server;
    }

    private static void reply(HttpExchange exchange, Answer answer) throws IOException {
        byte[] told;
        try {
            told = answer.to(exchange.getRequestURI().toString()).getBytes();
        } catch (InterruptedException interrupted) {
            throw new IOException(interrupted);
        }
        exchange.getResponseHeaders().set("content-type", "application/json");
        exchange.sendResponseHeaders(200, told.length);
        exchange.getResponseBody().write(told);
        exchange.close();
    }

    private static String get(String path) throws IOException, InterruptedException {
        HttpRequest request = HttpRequest.newBuilder(URI.create(back + path)).build();
        return CLIENT.send(request, HttpResponse.BodyHandlers.ofString()).body();
    }

    private static String front(String path) throws IOException, InterruptedException {
        if (!path.startsWith("/trains/")) {
            return "\"ok\"";
        }
        int train = Integer.parseInt(path.substring("/trains/".length()));
        List<Integer> seats = IntStream.range(0, 20).mapToObj(place -> train * 20 + place).toList();
        if (SICK) {
            StringBuilder prices = new StringBuilder();
            for (int seat : seats) {
                prices.append(prices.isEmpty() ? "" : ",").append(get("/seats/" + seat)); // fault: http-n-plus-one
            }
            return "{\"prices\":[" + prices + "]}";
        }
        String wanted = seats.stream().map(String::valueOf).collect(Collectors.joining(","));
        return "{\"prices\":[" + get("/seats?ids=" + wanted) + "]}";
    }

    private static String price(String seat) {
        return String.valueOf(Integer.parseInt(seat) * 17 % 9999);
    }

    private static String prices(String path) {
        if (path.startsWith("/seats?ids=")) {
            String[] seats = path.substring("/seats?ids=".length()).split(",");
            return java.util.Arrays.stream(seats).map(Service::price).collect(Collectors.joining(","));
        }
        return price(path.substring("/seats/".length()));
    }

    public static void main(String[] arguments) throws IOException {
        if (arguments[0].equals("back")) {
            HttpServer server = serve(0, Service::prices);
            System.out.println(server.getAddress().getPort());
            return;
        }
        String java = ProcessHandle.current().info().command().orElse("java");
        Process neighbour = new ProcessBuilder(java, "-Xmx64m", "-XX:+UseSerialGC", "-cp", ".", "Service", "back")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        Runtime.getRuntime().addShutdownHook(new Thread(neighbour::destroy));
        back = "http://127.0.0.1:" + neighbour.inputReader().readLine();
        serve(Integer.parseInt(arguments[0]), Service::front);
    }
}
