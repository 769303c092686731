// SPDX-License-Identifier: MIT
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.time.Duration;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * Java's HttpClient, in a loop over all cases. The arguments are the
 * certificate, the control port's URL and /new's query:
 *
 *	h2bad serve --ca-out ca.pem &amp;
 *	java doc/clients/Client.java ca.pem https://localhost:8443 'cases=frames/*'
 */
class Client {
	static HttpClient client;

	static String get(String url, int seconds) throws Exception {
		return client.send(HttpRequest.newBuilder(URI.create(url))
			.timeout(Duration.ofSeconds(seconds)).build(),
			BodyHandlers.ofString()).body();
	}

	public static void main(String[] args) throws Exception {
		KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
		store.load(null);
		store.setCertificateEntry("ca", CertificateFactory.getInstance("X.509")
			.generateCertificate(Files.newInputStream(Path.of(args[0]))));
		TrustManagerFactory trust = TrustManagerFactory.getInstance(
			TrustManagerFactory.getDefaultAlgorithm());
		trust.init(store);
		SSLContext context = SSLContext.getInstance("TLS");
		context.init(null, trust.getTrustManagers(), null);
		client = HttpClient.newBuilder().sslContext(context).build();

		String run = client.send(HttpRequest.newBuilder(URI.create(args[1]
			+ "/new?client=Java%20HttpClient%20" + String.join(".",
			Runtime.version().version().stream().limit(3)
			.map(String::valueOf).toList())
			+ (args.length > 2 ? "&" + args[2] : ""))).build(),
			BodyHandlers.discarding()).headers().firstValue("location").get();
		run = URI.create(args[1]).resolve(run).toString();
		for (String url : get(run + "urls", 60).split("\\s+"))
			try {
				// An earlier case may have left it unusable, or ends
				// its connection just as a request comes on it.
				if (!url.contains("/ok?"))
					client = HttpClient.newBuilder().sslContext(context).build();
				get(url, 5);
			} catch (Exception e) {
				System.err.println(url + ": " + e);
			}
		get(run + "done", 60);
		System.out.print(get(run + "report.tap", 60));
		System.exit(0);		// the client's threads may not end
	}
}
